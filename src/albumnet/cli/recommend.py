"""`albumnet recommend`: albums for listeners, and whether the cover helps with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from albumnet.cli.options import Force, Json, Run, Weights
from albumnet.cli.output import (
    ProgressPrinter,
    Seed,
    command,
    estimate_cell,
    list_failures,
    note,
    one_of,
    p_cell,
    print_table,
)

if TYPE_CHECKING:
    from albumnet.pipeline import RecEvaluation
    from albumnet.recommend.asking import Recommended
    from albumnet.recommend.evaluation import ScenarioResult

recommend_app = typer.Typer(no_args_is_help=True)

Set = Annotated[Path, typer.Option("--set", metavar="SET", help="The album set whose albums are recommended.")]
Rec = Annotated[Path, typer.Option("--rec", metavar="REC", help="Folder of a fitted recommender.")]
Top = Annotated[int, typer.Option("--top", min=1, help="How many at most.")]


@recommend_app.command("fit")
@command
def fit(
    ratings: Annotated[
        Path, typer.Argument(metavar="RATINGS", help="CSV or Parquet: user, album_id, rating or plays.")
    ],
    set_path: Set,
    model: Run,
    out: Annotated[Path, typer.Option("--out", metavar="REC", help="Folder of the recommender.")],
    liked: Annotated[float, typer.Option("--liked", help="A rating from here on is a like.")] = 4.0,
    scale: Annotated[str, typer.Option("--scale", metavar="LOW:HIGH", help="Of ratings.")] = "0.5:5",
    factors: Annotated[int | None, typer.Option("--factors", min=1, help="Of ALS; chosen if not given.")] = None,
    weights: Weights = None,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Fit the hybrid recommender to who liked what.

    Everything is chosen on likes hidden from it.
    """
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet
    from albumnet.recommend.interactions import describe_report
    from albumnet.recommend.recommenders.implicit_models import AlsOptions

    result = pipeline.fit_recommender(
        ratings, album_set=AlbumSet(set_path), run=model, out=out, scale=_read_scale(scale, liked=liked),
        als=AlsOptions(n_factors=factors, seed=seed) if factors else None, weights=weights, seed=seed, force=force,
        progress=ProgressPrinter(),
    )  # fmt: skip
    for line in describe_report(result.report):
        note(line)
    config = result.config
    note(
        f"{out}: {config.n_likes:,} likes of {config.n_users:,} users; ALS with {config.als.n_factors} factors, alpha "
        f"{config.als.alpha:g}; trust {config.hybrid.trust:g} listeners, closeness {config.hybrid.closeness:g}"
    )


@recommend_app.command("evaluate")
@command
def evaluate(
    rec: Annotated[Path, typer.Argument(metavar="REC", help="Folder of a fitted recommender.")],
    folds: Annotated[int, typer.Option("--folds", min=2, help="Each hides one in so many.")] = 7,
    resamples: Annotated[int, typer.Option("--resamples", min=2, help="Of users, for the intervals.")] = 1000,
    as_predicted: Annotated[
        bool, typer.Option("--as-predicted", help="Moods as the model says them, which saw most albums' tags.")
    ] = False,
    weights: Weights = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Score recommenders; say whether the cover helped.

    On hidden likes, albums and artists, beside controls.
    """
    from albumnet import pipeline

    evaluation, path = pipeline.evaluate_recommender(
        rec, n_folds=folds, n_resamples=resamples, is_crossfitted=not as_predicted, weights=weights, seed=seed,
        progress=ProgressPrinter(),
    )  # fmt: skip
    if json:
        print(path.read_text("utf-8"), end="")
    else:
        _print_evaluation(evaluation)
    note(f"all metrics and comparisons: {path}")


@recommend_app.command("for")
@command
def for_user(user: Annotated[str, typer.Argument(metavar="USER")], rec: Rec, top: Top = 10, json: Json = False) -> None:
    """Albums for a user, each with its reason.

    Without those they know.
    """
    from albumnet import pipeline

    _print_albums(pipeline.open_recommender(rec).for_user(user, k=top), json=json)


@recommend_app.command("like")
@command
def like(
    album: Annotated[str, typer.Argument(metavar="ALBUM", help="Title, artist and title, or id.")],
    rec: Rec,
    by: Annotated[
        str,
        typer.Option(
            "--by", callback=one_of("hybrid", "listeners", "mood", "look"), help="hybrid, listeners, mood, look."
        ),
    ] = "hybrid",
    top: Top = 10,
    json: Json = False,
) -> None:
    """Albums like an album.

    By its listeners, its moods, its look, or all of them.
    """
    from albumnet import pipeline

    _print_albums(pipeline.open_recommender(rec).like(album, k=top, by=by), json=json)


@recommend_app.command("mood")
@command
def mood(
    words: Annotated[list[str], typer.Argument(metavar="WORD…", help="Any words that have word vectors.")],
    rec: Rec,
    user: Annotated[str | None, typer.Option("--for", metavar="USER", help="Blended with this user's taste.")] = None,
    taste: Annotated[float, typer.Option("--taste", min=0.0, max=1.0, help="Its weight against the mood's.")] = 0.5,
    top: Top = 10,
    json: Json = False,
) -> None:
    """Albums of a mood asked for in words.

    For a user or for anyone.
    """
    from albumnet import pipeline

    found, missing = pipeline.recommend_mood(rec, " ".join(words), user=user, taste=taste, k=top)
    _print_albums(found, json=json)
    list_failures([(word, "no word vector") for word in missing], what="words")


@recommend_app.command("vectors")
@command
def vectors(
    set_path: Annotated[Path, typer.Argument(metavar="SET")],
    model: Run,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.parquet")],
    weights: Weights = None,
) -> None:
    """Write mood vectors, for other recommenders.

    Every album's, as Parquet.
    """
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet

    n_albums, size = pipeline.export_mood_vectors(AlbumSet(set_path), model, out=out, weights=weights)
    note(f"{out}: {n_albums:,} albums, {size} numbers each")


def _read_scale(text: str, *, liked: float) -> Any:
    from albumnet.recommend.interactions import RatingScale

    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError as error:
        raise typer.BadParameter(f"--scale takes LOW:HIGH such as 0.5:5, not {text!r}") from error
    if not low < high or not low <= liked <= high:
        raise typer.BadParameter(f"--liked {liked:g} is not within the scale {text}")
    return RatingScale(low, high, liked)


def _print_albums(found: Sequence[Recommended], *, json: bool) -> None:
    if json:
        import json as encoder

        print(encoder.dumps([asdict(each) for each in found], ensure_ascii=False, indent=1))
        return
    rows = (
        (
            str(each.rank), f"{each.score:.2f}", each.album_id, " – ".join(filter(None, (each.artist, each.title))),
            str(each.n_listeners), each.reason,
        )
        for each in found
    )  # fmt: skip
    print_table(("rank", "score", "album_id", "artist – title", "listeners", "why"), rows, left=(2, 3, 5))


def _print_evaluation(evaluation: RecEvaluation) -> None:
    for result in evaluation.results:
        print(
            f"{result.scenario}: {result.n_users:,} users, {result.n_candidates:,.0f} albums ranked, "
            f"{result.n_relevant:.1f} to be found; mean over {evaluation.n_folds} folds, 95 % intervals over users"
        )
        print_table(("", "Recall@20", "nDCG@10", "MRR", "coverage", "popularity bias"), _result_rows(result))
        print()
        print_table(
            ("nDCG@10, difference", "over users", "over folds", "p (Holm)"),
            (
                (
                    f"{_title(result, c.first)}  less  {_title(result, c.second)}",
                    estimate_cell(c.difference, sign="+"), estimate_cell(c.over_folds, sign="+"), p_cell(c.p_holm),
                )
                for c in result.comparisons
            ),
        )  # fmt: skip
        print()
    moods = "by models that did not see an album's tags" if evaluation.is_crossfitted else "as the model says them"
    print(f"Moods {moods}. All settings are chosen on likes hidden a second time.")
    for sentence in evaluation.conclusion:
        print(sentence)


def _result_rows(result: ScenarioResult) -> list[tuple[str, ...]]:
    metrics = ("recall_at_20", "ndcg_at_10", "reciprocal_rank")
    return [
        (
            row.title,
            *(estimate_cell(row.scores[m]) for m in metrics),
            f"{row.coverage:.2f}",
            f"{row.popularity_bias:.2f}",
        )
        for row in result.rows
    ]


def _title(result: ScenarioResult, name: str) -> str:
    row = result.row(name)
    return name if row is None else row.title
