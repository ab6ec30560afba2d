"""The order of the stages: album set -> features -> training -> scores -> predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.dataset import SIDES, AlbumSet, FeatureStore
from albumnet.dataset.atomic import read_json, write_json, write_text
from albumnet.dataset.splits import fold_albums, split_albums
from albumnet.errors import FeatureStoreError, RunError, TrainingError, VocabularyMismatchError
from albumnet.metrics import MoodScores, score_moods
from albumnet.models.presets import get_model, get_preset
from albumnet.models.run import SCHEMA_VERSION, RunConfig, write_probabilities
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import Album, MoodVocabulary

if TYPE_CHECKING:
    from albumnet.models.assembly import TrainingOptions
    from albumnet.models.prediction import MoodModel, MoodProbability


@dataclass(frozen=True)
class ScoreRow:
    """One line of a score table."""

    name: str
    scores: MoodScores


@dataclass(frozen=True)
class TrainingResult:
    """What `train` did.

    Attributes:
        config: Of the run.
        rows: Test-side scores of the model, of metadata alone and of the prior.
        n_test: Albums they were measured on.
        n_without_features: Albums of the set that have moods but no features.
    """

    config: RunConfig
    rows: tuple[ScoreRow, ...]
    n_test: int
    n_without_features: int


def training_options(
    album_set: AlbumSet,
    *,
    model: str,
    preset: str = "small",
    min_albums_per_mood: int = 30,
    vectors: Path | None = None,
    seed: int = 0,
    device: str = "auto",
    weights: Path | None = None,
    backbone: str = "efficientnet_lite0",
) -> TrainingOptions:
    """Gather options, reading the word vectors that the model needs and finding the weights its features came from.

    Raises:
        MissingExtraError: If PyTorch is not installed.
        WordVectorError: If the vectors cannot be read.
    """
    import importlib.util

    from albumnet.errors import MissingExtraError
    from albumnet.moodspace import load_packaged_vectors, read_glove

    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError(
            "training needs PyTorch, which the base install leaves out; pip install 'albumnet[train]'"
        )
    from albumnet.models.assembly import TrainingOptions

    needs_vectors = get_model(model).uses_vectors
    get_preset(preset)
    return TrainingOptions(
        model=model,
        preset=preset,
        seed=seed,
        min_albums_per_mood=min_albums_per_mood,
        device=device,
        vectors=(read_glove(vectors) if vectors else load_packaged_vectors()) if needs_vectors else None,
        weights=str(weights.resolve()) if weights else _remembered_weights(album_set, backbone),
        set_vocabulary=album_set.vocabulary.digest,
        albums_digest=album_set.digest,
    )


def train(
    album_set: AlbumSet,
    out: Path,
    *,
    options: TrainingOptions,
    backbone: str,
    fine_tune: int = 0,
    resume: bool = False,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> TrainingResult:
    """Train one model, score it on the test side beside the prior and metadata alone, and write the run.

    Args:
        album_set: With moods and splits, and features of `backbone` for models with the cover.
        out: The run's folder.
        options: How to train.
        backbone: Whose features.
        fine_tune: Blocks of the backbone to train through the pixels; 0 for cached features.
        resume: Continue a training that was cut off.
        force: Replace a finished run, or an unfinished one.
        progress: Called per epoch.

    Raises:
        RunError: If `out` holds a run and neither `resume` nor `force` is given.
        TrainingError: If there is too little to learn from.
    """
    from albumnet.models.assembly import save_run, train_model

    _check_free(out, resume=resume, force=force)
    kind = get_model(options.model)
    store = FeatureStore(album_set.features_dir(backbone)) if kind.uses_cover else None
    sides, n_without = _sides(album_set, album_set.splits, store)
    fine_tuned = _fine_tuned(album_set, backbone, fine_tune, options) if fine_tune and kind.uses_cover else None
    trained = train_model(
        sides,
        store,
        options=options,
        fine_tuned=fine_tuned,
        checkpoint=out / "checkpoint.safetensors",
        progress=progress,
    )
    probabilities = predict_albums(trained.model, album_set, [*sides["valid"], *sides["test"]], store)
    rows, n_test = _score_rows(
        trained.model, probabilities[len(sides["valid"]) :], sides, options=options, progress=progress
    )
    write_probabilities(
        out / "predictions.parquet",
        album_ids=[album.album_id for side in ("valid", "test") for album in sides[side]],
        moods=trained.model.config.moods,
        probabilities=probabilities,
        splits=[side for side in ("valid", "test") for _ in sides[side]],
        made_from={"albums": album_set.digest, "vocabulary": trained.model.config.vocabulary.digest},
    )
    metrics = {"n_test": n_test, "rows": [{"name": row.name, **asdict(row.scores)} for row in rows]}
    write_json(out / "metrics.json", metrics, schema_version=SCHEMA_VERSION)
    write_text(out / "card.md", write_run_card(trained.model.config, rows, n_test=n_test))
    save_run(out, trained)
    return TrainingResult(trained.model.config, rows, n_test, n_without)


def score(
    album_set: AlbumSet,
    run: Path,
    *,
    out: Path,
    weights: Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> tuple[int, tuple[str, ...]]:
    """Write the probability of each of a model's moods for every album of a set, in long form.

    The set's own vocabulary does not matter: the model's moods are what comes out.

    Returns:
        How many albums were scored, and the ids of those that could not be for want of a usable cover.
    """
    from albumnet.models.prediction import load_model

    model = load_model(run, weights=weights)
    albums = list(album_set.albums)
    store = None
    if model.kind.uses_cover and model.config.n_fine_tuned:
        albums = [album for album in albums if album.cover]
    elif model.config.backbone is not None:
        store = FeatureStore(album_set.features_dir(model.config.backbone.backbone))
        if store.manifest.digest != model.config.backbone.digest:
            raise FeatureStoreError(
                f"{store.path} was made by {store.manifest.digest} (weights-transform), the model was trained on "
                f"{model.config.backbone.digest}; run `albumnet features` with the weights the model was trained with"
            )
        albums = _with_features(albums, store)
    probabilities = predict_albums(model, album_set, albums, store, progress=progress)
    write_probabilities(
        out,
        album_ids=[album.album_id for album in albums],
        moods=model.config.moods,
        probabilities=probabilities,
        made_from={"albums": album_set.digest, "vocabulary": model.config.vocabulary.digest},
    )
    scored = {album.album_id for album in albums}
    return len(albums), tuple(album.album_id for album in album_set.albums if album.album_id not in scored)


def predict_albums(
    model: MoodModel,
    album_set: AlbumSet,
    albums: Sequence[Album],
    store: FeatureStore | None,
    *,
    progress: ProgressCallback = ignore_progress,
) -> np.ndarray:
    """Probabilities (N, M) of some albums of a set, from stored features or, for a fine-tuned model, from pixels."""
    parts = []
    for start in range(0, len(albums), _BATCH):
        batch = albums[start : start + _BATCH]
        features = None
        if model.kind.uses_cover and model.config.n_fine_tuned:
            features = np.concatenate(
                [model.features(_read_pixels(album_set, model, batch[n : n + 16])) for n in range(0, len(batch), 16)]
            )
        elif model.kind.uses_cover and store is not None:
            features = store.read([album.cover or "" for album in batch])
        parts.append(model.probabilities(features, [a.genres for a in batch], [a.year for a in batch]))
        progress(Progress("scoring", start + len(batch), len(albums)))
    return np.concatenate(parts) if parts else np.empty((0, len(model.config.moods)), dtype=np.float32)


def compare_with_set(model: MoodModel, album_set: AlbumSet) -> None:
    """Check that a model's moods have targets in a set.

    Raises:
        VocabularyMismatchError: If the set's vocabulary lacks one of the model's moods.
    """
    lacking = [mood for mood in model.config.moods if mood not in album_set.vocabulary]
    if lacking:
        raise VocabularyMismatchError(
            f"{len(lacking)} of the model's {len(model.config.moods)} moods (vocabulary "
            f"{model.config.vocabulary.digest}) are not in {album_set.path} ({album_set.vocabulary.digest}): "
            f"{', '.join(lacking[:5])}; `albumnet score` needs no common vocabulary, comparing with targets does"
        )


@dataclass(frozen=True)
class FoldResult:
    """Cross-validated scores of one model.

    Attributes:
        pooled: Of all folds' predictions in one table.
        fold_mean_roc_auc: Mean over folds of macro ROC-AUC within the fold; free of differences between folds.
        strengths: What each fold chose on its own validation side.
    """

    name: str
    pooled: MoodScores
    fold_mean_roc_auc: float
    strengths: tuple[float, ...]


def cross_validate(
    album_set: AlbumSet,
    store: FeatureStore | None,
    *,
    options: Sequence[TrainingOptions],
    n_folds: int,
    min_albums_per_mood: int,
    seed: int,
    progress: ProgressCallback = ignore_progress,
) -> list[FoldResult]:
    """Score models over artist-disjoint folds, everything (strength, epochs) chosen inside the training folds.

    Moods are those with `min_albums_per_mood` albums in the whole set, so that every fold scores the same ones. The
    prior, each mood's frequency in the training folds, comes first.
    """
    from dataclasses import replace

    from albumnet.models.assembly import train_model

    albums = [a for a in album_set.albums if a.moods and (store is None or a.cover in store)]
    counts = album_set.vocabulary.target([a.moods for a in albums]).sum(axis=0)
    kept = zip(album_set.vocabulary.names, counts, strict=True)
    vocabulary = MoodVocabulary(tuple(mood for mood, count in kept if count >= min_albums_per_mood))
    target = vocabulary.target([a.moods for a in albums])
    fold_of_id = fold_albums(albums, n_folds=n_folds, rng=np.random.default_rng(seed))
    fold_of = np.array([fold_of_id[a.album_id] for a in albums])
    prior = np.zeros(target.shape)
    predictions = [np.zeros(target.shape) for _ in options]
    strengths: list[list[float]] = [[] for _ in options]
    for fold in range(n_folds):
        is_test = fold_of == fold
        prior[is_test] = target[~is_test].mean(axis=0)
        rest = [a for a, test in zip(albums, is_test, strict=True) if not test]
        rng = np.random.default_rng([seed, fold])
        side_of = split_albums(rest, rng=rng, fractions={"train": 0.85, "valid": 0.15})
        sides = {side: [a for a in rest if side_of[a.album_id] == side] for side in ("train", "valid")}
        tested = [a for a, test in zip(albums, is_test, strict=True) if test]
        for n, option in enumerate(options):
            fold_options = replace(option, moods=vocabulary.names)
            trained = train_model(sides, store, options=fold_options, progress=progress)
            predictions[n][is_test] = predict_albums(trained.model, album_set, tested, store)
            strengths[n].append(trained.model.config.strength)
            progress(Progress("folds", fold * len(options) + n + 1, n_folds * len(options)))
    rows: list[tuple[str, np.ndarray, list[float]]] = [("prior", prior, [])]
    rows += [
        (f"{get_model(o.model).title} ({o.preset})", p, s)
        for o, p, s in zip(options, predictions, strengths, strict=True)
    ]
    return [
        FoldResult(
            name,
            score_moods(target, predicted),
            float(
                np.mean(
                    [score_moods(target[fold_of == k], predicted[fold_of == k]).macro_roc_auc for k in range(n_folds)]
                )
            ),
            tuple(chosen),
        )
        for name, predicted, chosen in rows
    ]


@dataclass(frozen=True)
class DemoResult:
    """What the demo made, and one cover read by model 2."""

    album_set: Path
    runs: tuple[Path, ...]
    rows: tuple[ScoreRow, ...]
    n_test: int
    cover: Path
    moods: tuple[MoodProbability, ...]
    true_moods: tuple[str, ...]


def demo(
    directory: Path, *, seed: int, n_albums: int = 800, progress: ProgressCallback = ignore_progress
) -> DemoResult:
    """Draw a planted world and run every stage on it; run again, what is done is skipped.

    Args:
        directory: Where the world, the album set and the four runs are written.
        seed: Of the world and of everything after it.
        n_albums: How large the world is.
        progress: Called throughout.
    """
    from albumnet.features import extract_features
    from albumnet.models.prediction import load_model
    from albumnet.planted import draw_world, write_world
    from albumnet.sources import import_table
    from albumnet.vision.backbones import load_backbone

    world = draw_world(n_albums=n_albums, rng=np.random.default_rng(seed))
    table = write_world(world, directory / "world", progress=progress)
    album_set = import_table(
        table, table.parent / "covers", out=directory / "set", seed=seed, progress=progress
    ).album_set
    extract_features(album_set, load_backbone("efficientnet_lite0"), progress=progress)
    rows: list[ScoreRow] = []
    runs = []
    for model in ("1", "2", "3", "4"):
        run = directory / f"run-{model}"
        runs.append(run)
        if not (run / "config.json").is_file():
            options = training_options(album_set, model=model, seed=seed)
            train(album_set, run, options=options, backbone="efficientnet_lite0", resume=True, progress=progress)
        # The baselines are the same in every run; the last one's are shown.
        rows = [*(row for row in rows if row.name.startswith("model")), *read_scores(run)]
    test = next(album for album in album_set.albums if album_set.splits[album.album_id] == "test")
    cover = table.parent / "covers" / (test.cover_file or "")
    (prediction,) = load_model(runs[1]).predict([cover], genres=test.genres, years=test.year, top=8)
    return DemoResult(
        album_set=album_set.path,
        runs=tuple(runs),
        rows=tuple(rows),
        n_test=sum(side == "test" for side in album_set.splits.values()),
        cover=cover,
        moods=prediction.moods,
        true_moods=test.moods,
    )


def read_scores(run: Path) -> list[ScoreRow]:
    """The score table that `train` wrote."""
    content = read_json(run / "metrics.json", schema_version=SCHEMA_VERSION)
    return [ScoreRow(row.pop("name"), MoodScores(**row)) for row in content["rows"]]


def write_run_card(config: RunConfig, rows: Sequence[ScoreRow], *, n_test: int) -> str:
    """The run's card as Markdown: what was trained on what, and how it scored beside the baselines."""
    backbone = config.backbone.backbone if config.backbone else "none"
    left_out = ", ".join(f"{mood} ({count})" for mood, count in config.left_out_moods.items()) or "none"
    lines = [
        f"# {get_model(config.model).title}",
        "",
        f"Preset `{config.preset}`, backbone `{backbone}`, seed {config.seed}, penalty {config.strength:g}, "
        f"{config.n_fine_tuned} blocks fine-tuned.",
        f"Trained on {config.sizes['train']:,} albums, chosen by {config.sizes['valid']:,}, {len(config.moods)} moods.",
        f"Moods left out for having fewer than {config.min_albums_per_mood} training albums: {left_out}.",
        "",
        f"Scores on the {n_test:,} albums of the test side ({rows[0].scores.n_moods} moods, "
        f"{rows[0].scores.n_left_out} left out for want of an album with or without them):",
        "",
        "| | macro AP | micro AP | macro ROC-AUC | micro ROC-AUC |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(f"| {row.name} | " + " | ".join(f"{value:.3f}" for value in table_values(row.scores)) + " |" for row in rows),
        "",
        "A cover says little about a record: read the first line against the others before you rely on it.",
    ]
    return "\n".join(lines) + "\n"


def table_values(scores: MoodScores) -> tuple[float, float, float, float]:
    """The four numbers of a score table, in its column order."""
    return scores.macro_ap, scores.micro_ap, scores.macro_roc_auc, scores.micro_roc_auc


def _check_free(out: Path, *, resume: bool, force: bool) -> None:
    if force:
        # A replaced run must not look finished while its successor is trained.
        for name in ("config.json", "checkpoint.safetensors"):
            (out / name).unlink(missing_ok=True)
        return
    if (out / "config.json").is_file():
        raise RunError(f"{out} holds a finished run; choose another --out, or pass --force to replace it")
    if (out / "checkpoint.safetensors").is_file() and not resume:
        raise RunError(
            f"{out} holds a training that was cut off; pass --resume to continue it, or --force to start anew"
        )


def _remembered_weights(album_set: AlbumSet, backbone: str) -> str:
    """The weights file that a set's features were computed with; "" for those that come with the backbone."""
    path = album_set.features_dir(backbone)
    return FeatureStore(path).manifest.weights if (path / "manifest.json").is_file() else ""


def _sides(
    album_set: AlbumSet, splits: Mapping[str, str], store: FeatureStore | None
) -> tuple[dict[str, list[Album]], int]:
    tagged = [album for album in album_set.albums if album.moods]
    if not tagged:
        raise TrainingError(
            f"no album of {album_set.path} has a mood; import it with the column that holds them (--moods-column)"
        )
    usable = tagged if store is None else _with_features([album for album in tagged if album.cover], store)
    sides = {side: [album for album in usable if splits[album.album_id] == side] for side in SIDES}
    return sides, len(tagged) - len(usable)


def _with_features(albums: Sequence[Album], store: FeatureStore) -> list[Album]:
    """Albums whose cover has features, without those whose cover failed; a cover not yet done is an error."""
    failed = store.failed_covers
    undone = sum(album.cover not in store and album.cover not in failed for album in albums if album.cover)
    if undone:
        raise FeatureStoreError(
            f"{store.path} lacks the features of {undone:,} of {len(albums):,} albums; "
            f"run `albumnet features {store.path.parent.parent} --backbone {store.manifest.backbone}` first"
        )
    return [album for album in albums if album.cover in store]


def _fine_tuned(album_set: AlbumSet, backbone: str, n_blocks: int, options: TrainingOptions) -> Any:
    import torch

    from albumnet.models.finetuning import PixelFeatures
    from albumnet.vision.backbones import load_backbone
    from albumnet.vision.decoding import decode_cover

    loaded = load_backbone(backbone, weights=Path(options.weights) if options.weights else None)
    transform = loaded.transform

    def read_pixels(covers: Sequence[str]) -> torch.Tensor:
        return torch.stack(
            [
                torch.from_numpy(
                    decode_cover(
                        album_set.read_cover(cover), size=transform.size, interpolation=transform.interpolation
                    ).copy()
                )
                for cover in covers
            ]
        )

    device = ("cuda" if torch.cuda.is_available() else "cpu") if options.device == "auto" else options.device
    return PixelFeatures(
        loaded,
        n_blocks=n_blocks,
        read_pixels=read_pixels,
        is_pooled=get_preset(options.preset).is_pooled,
        device=device,
    )


def _score_rows(
    model: MoodModel,
    probabilities: np.ndarray,
    sides: Mapping[str, Sequence[Album]],
    *,
    options: TrainingOptions,
    progress: ProgressCallback,
) -> tuple[tuple[ScoreRow, ...], int]:
    from dataclasses import replace

    from albumnet.models.assembly import train_model

    test = sides["test"]
    target = model.config.vocabulary.target([album.moods for album in test])
    prior = np.broadcast_to(np.array(model.config.base_rates), target.shape)
    rows = [ScoreRow(model.kind.title, score_moods(target, probabilities))]
    if model.config.model != "metadata":
        baseline = replace(options, model="metadata", preset="small", moods=model.config.moods, weights="")
        metadata_only = train_model(sides, None, options=baseline, progress=progress)
        scored = metadata_only.model.probabilities(None, [a.genres for a in test], [a.year for a in test])
        rows.append(ScoreRow(metadata_only.model.kind.title, score_moods(target, scored)))
    rows.append(ScoreRow("prior: each mood's frequency", score_moods(target, prior)))
    return tuple(rows), len(test)


def _read_pixels(album_set: AlbumSet, model: MoodModel, albums: Sequence[Album]) -> np.ndarray:
    from albumnet.vision.decoding import decode_cover

    transform = model.backbone.transform
    covers = [album_set.read_cover(album.cover or "") for album in albums]
    return np.stack([decode_cover(c, size=transform.size, interpolation=transform.interpolation) for c in covers])


_BATCH = 256
