"""Commands that compute features, train models, and use them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from albumnet.cli.output import ProgressPrinter, Seed, command, folder_or_url, list_failures, note, one_of, print_table
from albumnet.models.presets import MODELS, PRESETS, SPACES
from albumnet.progress import is_leading
from albumnet.vision.engines.base import ENGINES, TITLES

if TYPE_CHECKING:
    from albumnet.dataset import AlbumSet
    from albumnet.features import ExtractionResult
    from albumnet.metrics import MoodScores
    from albumnet.models.answers import MoodProbability, Prediction
    from albumnet.pipeline import FoldResult, MoodRanking, ScoreRow, TrainingResult
    from albumnet.records import Album
    from albumnet.scale import RayOptions, ShardedExtraction

Set = Annotated[Path, typer.Argument(metavar="SET", parser=folder_or_url, help="A folder, or s3://… and the like.")]
BackboneName = Annotated[str, typer.Option("--backbone", help="efficientnet_lite0, vgg16, or timm:<model name>.")]
Weights = Annotated[Path | None, typer.Option("--weights", help="safetensors file of the backbone's weights.")]
Convention = Annotated[
    str | None,
    typer.Option(
        "--convention",
        callback=one_of("caffe", "torchvision"),
        help="Pixel convention of vgg16 weights: caffe or torchvision.",
    ),
]
Device = Annotated[str, typer.Option("--device", callback=one_of("auto", "cpu", "cuda"), help="auto, cpu or cuda.")]
Precision = Annotated[
    str,
    typer.Option(
        "--precision",
        callback=one_of("auto", "float32", "bfloat16", "amp"),
        help="auto, float32, bfloat16 or amp.",
    ),
]
TrainingPrecision = Annotated[
    str,
    typer.Option(
        "--precision",
        callback=one_of("auto", "float32", "bfloat16"),
        help="auto, float32, or bfloat16 for the products of hidden layers.",
    ),
]
EngineName = Annotated[
    str,
    typer.Option("--engine", callback=one_of(*ENGINES), help="auto (the fastest here), torch, onnx or openvino."),
]
Model = Annotated[str, typer.Option("--model", callback=one_of(*MODELS), help=f"{', '.join(MODELS)}.")]
Models = Annotated[
    list[str], typer.Option("--model", callback=one_of(*MODELS), help=f"{', '.join(MODELS)}; may be repeated.")
]


def resolve_run(run: Path | None) -> Path | None:
    """The folder of a model that was asked for by name."""
    from albumnet.models.run import find_run

    return None if run is None else find_run(run)


Run = Annotated[
    Path,
    typer.Option(
        "--model",
        metavar="RUN",
        parser=folder_or_url,
        callback=resolve_run,
        help="Folder of a trained model, or starter.",
    ),
]
PresetName = Annotated[
    str, typer.Option("--preset", callback=one_of(*PRESETS), help="small, or seed for the origin's layers.")
]
Space = Annotated[
    str | None,
    typer.Option(
        "--space",
        callback=one_of(*SPACES),
        help="Models 3 and 4: regressed on the moods' vectors as in the origin, or decoded from logits (preset small).",
    ),
]
NewRun = Annotated[Path, typer.Option("--out", metavar="RUN", parser=folder_or_url, help="Folder of the run.")]
Finetune = Annotated[
    int,
    typer.Option(
        "--finetune", metavar="BLOCKS", min=0, help="Train the backbone's last blocks too, through the pixels."
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue a training that was cut off.")]
MinAlbums = Annotated[int, typer.Option("--min-albums-per-mood", min=1, help="Rarer moods are left out.")]
Vectors = Annotated[
    Path | None, typer.Option("--vectors", help="Word vectors, GloVe text format; packaged ones if not given.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
On = Annotated[
    str, typer.Option("--on", callback=one_of("here", "ray"), help="here, or ray for workers on one or many machines.")
]
Address = Annotated[
    str | None, typer.Option("--address", help="Of a running Ray cluster; without it workers start on this machine.")
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="With --on ray: how many; one per processor if not given.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_NO_PROBABILITY = "not trained on; closeness ranks covers for a mood, and is no probability"
TABLE_HEADER = ("", "macro AP", "micro AP", "macro ROC-AUC", "micro ROC-AUC")


@command
def features(
    path: Set,
    backbone: BackboneName = "efficientnet_lite0",
    weights: Weights = None,
    convention: Convention = None,
    engine: EngineName = "auto",
    device: Device = "auto",
    precision: Precision = "auto",
    force: Force = False,
    on: On = "here",
    address: Address = None,
    workers: Workers = None,
) -> None:
    """Compute features of a set's covers, each once.

    Safe to stop and run again.
    """
    from albumnet.dataset import AlbumSet
    from albumnet.features import extract_features
    from albumnet.vision.backbones import load_backbone
    from albumnet.vision.engines.choosing import open_backbone

    ray = _ray_options(on, address, workers, device=device)
    album_set = AlbumSet(path)
    result: ExtractionResult | ShardedExtraction
    if ray is not None:
        from albumnet import scale
        from albumnet.vision.backbones import load_backbone

        if engine not in ("auto", "torch"):
            raise typer.BadParameter("workers of Ray run PyTorch", param_hint="--engine")
        network = load_backbone(backbone, weights=weights, convention=convention)
        work = scale.plan_features(album_set, network, convention=convention, device=device, precision=precision)
        result = scale.extract_on_ray(album_set, work, options=ray, force=force, progress=ProgressPrinter())
        how = f" at {result.n_done / result.seconds:.1f} a second ({result.note})" if result.note else ""
    else:
        loaded = open_backbone(backbone, weights=weights, convention=convention, engine=engine)
        result = extract_features(
            album_set, loaded, engine=engine, device=device, precision=precision, force=force,
            progress=ProgressPrinter(),
        )  # fmt: skip
        how = _how_it_ran(result)
    note(f"{result.store.path}: {len(result.store):,} covers, {result.n_done:,} of them now{how}")
    list_failures([(failure.item, failure.reason) for failure in result.failures], what="covers")


@command
def train(
    path: Set,
    model: Model,
    out: NewRun,
    backbone: BackboneName = "efficientnet_lite0",
    weights: Weights = None,
    preset: PresetName = "small",
    space: Space = None,
    min_albums_per_mood: MinAlbums = 30,
    vectors: Vectors = None,
    finetune: Finetune = 0,
    seed: Seed = 0,
    device: Device = "auto",
    precision: TrainingPrecision = "auto",
    resume: Resume = False,
    force: Force = False,
) -> None:
    """Train one model and score it on the test side.

    Beside metadata alone and the prior.
    """
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet

    album_set = AlbumSet(path)
    options = pipeline.training_options(
        album_set, model=model, preset=preset, space=space or "",
        min_albums_per_mood=min_albums_per_mood, vectors=vectors, seed=seed,
        device=device, precision=precision, weights=weights, backbone=backbone,
    )  # fmt: skip
    result = pipeline.train(
        album_set, out, options=options, backbone=backbone, fine_tune=finetune, resume=resume, force=force,
        progress=ProgressPrinter(),
    )  # fmt: skip
    if not is_leading():
        return
    print_scores(result.rows)
    note(f"{_about_moods(result)}\n{out}: scores are of the {result.n_test:,} test albums; see {out / 'card.md'}")


@command
def crossvalidate(
    path: Set,
    model: Models,
    backbone: BackboneName = "efficientnet_lite0",
    preset: PresetName = "small",
    space: Space = None,
    folds: Annotated[int, typer.Option("--folds", min=2)] = 5,
    min_albums_per_mood: Annotated[int, typer.Option("--min-albums-per-mood", min=1, help="In the whole set.")] = 30,
    vectors: Vectors = None,
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Score models over artist-disjoint folds.

    Everything is chosen inside the training folds.
    """
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet, FeatureStore

    album_set = AlbumSet(path)
    options_of = functools.partial(
        pipeline.training_options,
        album_set, preset=preset, space=space or "", vectors=vectors, seed=seed, device=device, backbone=backbone,
    )  # fmt: skip
    results = pipeline.cross_validate(
        album_set,
        FeatureStore(album_set.features_dir(backbone)),
        options=[options_of(model=name) for name in model],
        n_folds=folds,
        min_albums_per_mood=min_albums_per_mood,
        seed=seed,
        progress=ProgressPrinter(),
    )
    print_table((*TABLE_HEADER, "macro ROC-AUC, mean of folds", "penalties chosen"), map(_fold_row, results))
    note(f"{folds} artist-disjoint folds, predictions pooled, {results[0].pooled.n_moods} moods, backbone {backbone}")


Moods = Annotated[
    list[str] | None,
    typer.Option("--mood", help="Tell of this mood, even if training never saw it; may be repeated."),
]


@command
def predict(
    covers: Annotated[list[Path], typer.Argument(metavar="COVER…", help="Picture files.")],
    model: Run = Path("starter"),
    genre: Annotated[list[str] | None, typer.Option("--genre", help="May be repeated.")] = None,
    year: Annotated[int | None, typer.Option("--year", min=1000, max=2999)] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Moods per cover.")] = 10,
    mood: Moods = None,
    all_moods: Annotated[bool, typer.Option("--all", help="List moods that would only be guessed too.")] = False,
    engine: EngineName = "auto",
    weights: Weights = None,
    json: Json = False,
) -> None:
    """Predict the moods of covers.

    Without a model of your own, by the one that comes with AlbumNet.
    """
    from albumnet.models.prediction import load_model

    loaded = load_model(model, weights=weights, engine=engine)
    if unknown := [name for name in genre or [] if not loaded.config.metadata.knows(name)]:
        note(f"albumnet: note: passed over, no training album had genre {', '.join(map(repr, unknown))}")
    if (genre or year is not None) and not loaded.kind.uses_metadata:
        note(f"albumnet: note: {loaded.kind.title} does not look at genre and year")
    predictions = loaded.predict(covers, genres=genre or (), years=year, moods=mood or ())
    if mood:
        from albumnet import pipeline

        predictions = pipeline.place_among_training(loaded, predictions)
    if not mood:
        predictions = [_shorten(prediction, top, keeps_guesses=all_moods or json) for prediction in predictions]
    if json:
        _print_json(predictions)
    else:
        for prediction in (p for p in predictions if p.error is None):
            _print_prediction(prediction, is_whole=not mood)
    list_failures([(p.cover, p.error) for p in predictions if p.error is not None], what="covers")


@command
def score(
    path: Set,
    model: Run,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE.parquet", parser=folder_or_url, help="Needed unless moods are asked for by name."
        ),
    ] = None,
    mood: Moods = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Albums shown per mood that is asked for.")] = 10,
    engine: EngineName = "auto",
    weights: Weights = None,
    force: Force = False,
    on: On = "here",
    address: Address = None,
    workers: Workers = None,
) -> None:
    """Write every album's probability of each mood.

    Columns: album_id, mood, probability, rank.

    With --mood, rank the albums by moods of your own, and show the highest.
    """
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet
    from albumnet.errors import RunError

    if out is None and not mood:
        raise typer.BadParameter("is needed, unless --mood is given", param_hint="--out")
    if out is not None and out.exists() and not force:
        raise RunError(f"{out} exists; choose another --out, or pass --force to replace it")
    ray = _ray_options(on, address, workers, device="cpu")
    if ray is not None and mood:
        raise typer.BadParameter("ranks by moods asked for by name are computed here", param_hint="--on")
    album_set = AlbumSet(path)
    if mood:
        left_out = _score_asked_moods(album_set, model, mood, out=out, top=top, engine=engine, weights=weights)
    elif out is not None:
        score_all = (
            functools.partial(pipeline.score, engine=engine)
            if ray is None
            else functools.partial(pipeline.score_on_ray, options=ray)
        )
        n_scored, left_out = score_all(album_set, model, out=out, weights=weights, progress=ProgressPrinter())
        note(f"{out}: {n_scored:,} albums")
    list_failures([(album_id, "no usable cover") for album_id in left_out], what="albums")


def _ray_options(on: str, address: str | None, workers: int | None, *, device: str) -> RayOptions | None:
    """What --on, --address and --workers say together; None for no Ray."""
    if on == "here":
        if address is not None or workers is not None:
            raise typer.BadParameter("goes with --on ray", param_hint="--address" if address else "--workers")
        return None
    from albumnet.scale import RayOptions

    return RayOptions(address=address, n_workers=workers, device=device)


def _score_asked_moods(
    album_set: AlbumSet,
    model: Path,
    moods: Sequence[str],
    *,
    out: Path | None,
    top: int,
    engine: str,
    weights: Path | None,
) -> tuple[str, ...]:
    """Show how albums rank by moods asked for by name, or write it; ids of albums that could not be scored."""
    from albumnet import pipeline

    found = pipeline.score_asked_moods(
        album_set, model, moods=moods, engine=engine, weights=weights, progress=ProgressPrinter()
    )
    if out is not None:
        pipeline.write_asked_scores(out, found)
        note(f"{out}: {len(found.rankings[0].albums):,} albums, {len(found.rankings)} moods")
        return found.left_out
    for n, ranking in enumerate(found.rankings):
        if n:
            print()
        _print_ranking(ranking, top=top)
    return found.left_out


def _print_ranking(ranking: MoodRanking, *, top: int) -> None:
    score = "probability" if ranking.is_known else "closeness"
    print(ranking.mood if ranking.is_known else f"{ranking.mood}: {_NO_PROBABILITY}")
    rows = (
        (_name_album(ranking.albums[n]), f"{ranking.scores[n]:.3f}", _share(ranking.higher_than[n]))
        for n in ranking.order[:top]
    )
    print_table(("album", score, f"higher than, of {len(ranking.albums):,} albums"), rows)


def _name_album(album: Album) -> str:
    named = " – ".join(part for part in (album.artist, album.title) if part)
    return f"{album.album_id}  {named}".rstrip()


def _share(share: float | None) -> str:
    return "unknown" if share is None or share != share else f"{100 * share:.1f} %"


def print_scores(rows: Sequence[ScoreRow]) -> None:
    """A score table on stdout."""
    print_table(TABLE_HEADER, ((row.name, *_score_cells(row.scores)) for row in rows))


def _fold_row(result: FoldResult) -> tuple[str, ...]:
    strengths = " ".join(f"{strength:g}" for strength in result.strengths)
    return (result.name, *_score_cells(result.pooled), f"{result.fold_mean_roc_auc:.3f}", strengths)


def _score_cells(scores: MoodScores) -> tuple[str, ...]:
    from albumnet.pipeline import table_values

    return tuple(f"{value:.3f}" for value in table_values(scores))


def _shorten(prediction: Prediction, top: int, *, keeps_guesses: bool) -> Prediction:
    """The likeliest moods, and of a model that knows which it stands by only those, unless guesses are wanted."""
    kept = [mood for mood in prediction.moods if keeps_guesses or mood.is_told is not False]
    return replace(prediction, moods=tuple(kept[:top]))


def _print_prediction(prediction: Prediction, *, is_whole: bool) -> None:
    """One cover's moods; whole, if none was asked for by name."""
    print(prediction.cover)
    knows_what_it_tells = prediction.told_precision is not None
    if prediction.moods:
        header = ("mood", "probability", "base rate", *(["told"] if knows_what_it_tells else []))
        rows = (
            (m.mood, f"{m.probability:.3f}", f"{m.base_rate:.3f}", *(_told_cell(m) if knows_what_it_tells else ()))
            for m in prediction.moods
        )
        print_table(header, rows)
    if near := prediction.unseen_moods:
        compared = f"higher than, of {near[0].n_compared:,} training albums" if near[0].n_compared else "higher than"
        print_table(
            ("mood", "closeness", compared),
            ((m.mood, f"{m.closeness:.3f}", _share(m.higher_than)) for m in near),
        )
        print(f"{', '.join(m.mood for m in near)}: {_NO_PROBABILITY}")
    if is_whole and knows_what_it_tells:
        print(_about_telling(prediction))
    if is_whole:
        print(_about_set(prediction))


def _told_cell(mood: MoodProbability) -> tuple[str, ...]:
    return ("yes" if mood.is_told else "no",)


def _about_telling(prediction: Prediction) -> str:
    right = f"of the moods told, {100 * (prediction.told_precision or 0):.0f} % were right on albums held out"
    if any(mood.is_told for mood in prediction.moods):
        return f"{right}; --all lists the others"
    return f"no mood is told: {right}, and none is that likely here; --all lists what would be guessed"


def _about_set(prediction: Prediction) -> str:
    if prediction.coverage is None:
        return "how far to trust this: unknown, too few albums were there to find out"
    share = f"{100 * prediction.coverage:.0f} % of its moods"
    found = (
        f"the {prediction.n_for_coverage} likeliest hold {share}; without looking it takes "
        f"{prediction.n_without_looking}"
    )
    return found if prediction.can_tell else f"can't tell from this: {found}"


def _how_it_ran(result: ExtractionResult) -> str:
    network = result.network
    if network is None:
        return ""
    rate = result.n_done / result.seconds
    return (
        f" at {rate:.1f} a second ({network.precision} on {network.device} by {TITLES[network.name]}, "
        f"cosine to float32 >= {network.agreement:.4f})"
    )


def _about_moods(result: TrainingResult) -> str:
    config, scores = result.config, result.rows[0].scores
    text = f"{len(config.moods)} moods"
    if config.left_out_moods:
        listed = ", ".join(f"{mood} ({count})" for mood, count in config.left_out_moods.items())
        text += f"; left out with fewer than {config.min_albums_per_mood} training albums: {listed}"
    if scores.n_left_out:
        text += f"; {scores.n_left_out} more not scored, for want of a test album with or without them"
    if result.n_without_features:
        text += f"; {result.n_without_features} albums without a usable cover passed over"
    return text


def _print_json(predictions: Sequence[Prediction]) -> None:
    import dataclasses
    import json

    print(json.dumps([dataclasses.asdict(prediction) for prediction in predictions], ensure_ascii=False, indent=1))
