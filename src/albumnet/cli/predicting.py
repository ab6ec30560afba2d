"""Commands that use models: the moods of pictures, and of every album of a set."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from albumnet.cli.options import Address, EngineName, Force, Json, On, Run, Set, Weights, Workers, ray_options
from albumnet.cli.output import ProgressPrinter, command, folder_or_url, list_failures, note, print_table

if TYPE_CHECKING:
    from albumnet.dataset import AlbumSet
    from albumnet.models.answers import MoodProbability, Prediction
    from albumnet.pipeline import MoodRanking
    from albumnet.records import Album

Moods = Annotated[
    list[str] | None,
    typer.Option("--mood", help="Tell of this mood, even if training never saw it; may be repeated."),
]

_NO_PROBABILITY = "not trained on; closeness ranks covers for a mood, and is no probability"


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
    ray = ray_options(on, address, workers, device="cpu")
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


def _print_json(predictions: Sequence[Prediction]) -> None:
    import dataclasses
    import json

    print(json.dumps([dataclasses.asdict(prediction) for prediction in predictions], ensure_ascii=False, indent=1))
