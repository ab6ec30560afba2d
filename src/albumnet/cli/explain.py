"""Commands that show why: what a backbone sees, what its filters look for, and where a model looks for a mood."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from albumnet.cli.options import BackboneName, Convention, Json, Run, Weights
from albumnet.cli.output import ProgressPrinter, Seed, command, list_failures, note, p_cell, print_table

if TYPE_CHECKING:
    from albumnet.models.prediction import MoodModel
    from albumnet.pipeline.explaining.covers import CoverExplanation

Covers = Annotated[list[Path] | None, typer.Argument(metavar="COVER…", help="Picture files.")]
Moods = Annotated[list[str] | None, typer.Option("--mood", help="May be repeated; the likeliest if not given.")]
Genres = Annotated[list[str] | None, typer.Option("--genre", help="May be repeated.")]
Year = Annotated[int | None, typer.Option("--year", min=1000, max=2999)]
MethodName = Annotated[
    str | None, typer.Option("--method", help="How; if not given, the method that did best on planted covers.")
]
OnSet = Annotated[Path | None, typer.Option("--on", metavar="SET", help="The covers of an album set.")]


@command
def see(
    covers: Covers = None,
    on: OnSet = None,
    backbone: BackboneName = "efficientnet_lite0",
    weights: Weights = None,
    convention: Convention = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Guesses per cover; with --on, pairs shown.")] = 10,
    min_seen: Annotated[int, typer.Option("--min-seen", min=1, help="With --on: rarer things are left out.")] = 20,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Name what a backbone sees on covers.

    Over a set: which things go with which moods.
    """
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet
    from albumnet.vision.backbones import load_backbone

    _want_one_of(covers, on)
    loaded = load_backbone(backbone, weights=weights, convention=convention)
    if on is not None:
        lifts, n_albums = pipeline.see_set(AlbumSet(on), loaded, min_seen=min_seen, seed=seed)
        _print_lifts(lifts, n_albums, top=top, is_json=json)
        return
    found = pipeline.see_covers(loaded, covers or [], top=top)
    if json:
        _print_json([{"cover": one.cover, "guesses": [_as_dict(g) for g in one.guesses]} for one in found])
    else:
        for one in (one for one in found if one.error is None):
            print(one.cover)
            print_table(("seen", "probability"), ((g.thing, f"{g.probability:.3f}") for g in one.guesses))
    list_failures([(one.cover, one.error) for one in found if one.error is not None], what="covers")


@command
def filters(
    out: Annotated[Path, typer.Option("--out", metavar="FILE.png")] = Path("filters.png"),
    on: OnSet = None,
    backbone: BackboneName = "efficientnet_lite0",
    weights: Weights = None,
    convention: Convention = None,
    block: Annotated[list[int] | None, typer.Option("--block", min=0, help="May be repeated.")] = None,
    n_filters: Annotated[int, typer.Option("--filters", min=1, help="Per block.")] = 6,
    n_covers: Annotated[int, typer.Option("--covers", min=1, help="Of the set, drawn at random.")] = 300,
    seed: Seed = 0,
) -> None:
    """Draw what a backbone's filters look for.

    The first ones themselves; with a set, the crops of its covers that excite deeper ones most.
    """
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet
    from albumnet.vision.backbones import load_backbone

    path = pipeline.draw_filters(
        load_backbone(backbone, weights=weights, convention=convention), out,
        album_set=AlbumSet(on) if on else None, blocks=block or (), n_filters=n_filters, n_covers=n_covers, seed=seed,
        progress=ProgressPrinter(),
    )  # fmt: skip
    note(f"picture {path}")


@command
def explain(
    model: Run,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE.png", help="Contact sheet, raw maps beside it; with --on a folder.")
    ],
    covers: Covers = None,
    on: OnSet = None,
    mood: Moods = None,
    method: MethodName = None,
    genre: Genres = None,
    year: Year = None,
    what_if: Annotated[bool, typer.Option("--what-if", help="Change the covers and show which moods move.")] = False,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Hold every map against that of a network that forgot.")
    ] = True,
    albums: Annotated[int | None, typer.Option("--albums", min=1, help="With --on: so many, at random.")] = None,
    seed: Seed = 0,
    weights: Weights = None,
    force: Annotated[bool, typer.Option("--force", help="With --on: replace maps of another model.")] = False,
    json: Json = False,
) -> None:
    """Show where a model looks for a mood.

    With whether that can be believed, and what came from cover, genre and year.
    """
    from albumnet import pipeline
    from albumnet.models.prediction import load_model

    _want_one_of(covers, on)
    loaded = load_model(model, weights=weights)
    if on is not None:
        _explain_set(loaded, on, out, moods=mood or (), method=method, albums=albums, seed=seed, force=force, json=json)
        return
    if what_if:
        _what_if(loaded, covers or [], out, moods=mood or (), genres=genre or (), year=year, is_json=json)
        return
    explained = pipeline.explain_covers(
        loaded, covers or [], moods=mood or (), method=method, genres=genre or (), year=year, is_checked=check,
        progress=ProgressPrinter(),
    )  # fmt: skip
    _show(explained, loaded, out=out, method=method, is_json=json)
    list_failures([(one.cover, one.error) for one in explained if one.error is not None], what="covers")


def _want_one_of(covers: list[Path] | None, on: Path | None) -> None:
    if bool(covers) == (on is not None):
        raise typer.BadParameter("give covers, or a set with --on")


def _print_lifts(lifts: Sequence[Any], n_albums: int, *, top: int, is_json: bool) -> None:
    sure = [one for one in lifts if one.p_holm < 0.05]
    if is_json:
        _print_json([_as_dict(one) for one in lifts])
    else:
        print_table(
            ("seen", "with mood", "lift", "95 %", "p, all pairs", "albums"),
            (
                (o.thing, o.mood, f"{o.lift:.2f}", f"{o.low:.2f} to {o.high:.2f}", p_cell(o.p_holm), str(o.n_both))
                for o in lifts[:top]
            ),
        )
    note(
        f"{n_albums:,} albums; {len(lifts):,} pairs of a mood and one of a cover's five likeliest things; "
        f"{len(sure):,} of them hold after Holm's correction for all"
    )


def _explain_set(
    model: MoodModel, on: Path, out: Path, *, moods: Sequence[str], method: str | None, albums: int | None, seed: int,
    force: bool, json: bool,
) -> None:  # fmt: skip
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet

    ratios, n_maps, failures = pipeline.explain_set(
        model, AlbumSet(on), out, moods=moods, method=method, n_albums=albums, seed=seed, force=force,
        progress=ProgressPrinter(),
    )  # fmt: skip
    if json:
        _print_json([_as_dict(ratio) for ratio in ratios])
    else:
        rows = [
            (r.mood or "all moods", r.region, f"{r.share:.3f}", f"{r.area:.3f}", f"{r.ratio:.2f}",
             f"{r.low:.2f} to {r.high:.2f}", f"{r.n_maps}")
            for r in ratios
        ]  # fmt: skip
        print_table(("mood", "region", "share of map", "of area", "ratio", "95 %", "maps"), rows)
    note(f"{n_maps:,} maps in {out / 'maps'}; a ratio of 1 is what looking nowhere in particular gives")
    list_failures(failures, what="albums")


def _what_if(
    model: MoodModel, covers: Sequence[Path], out: Path, *, moods: Sequence[str], genres: Sequence[str],
    year: int | None, is_json: bool,
) -> None:  # fmt: skip
    from albumnet import pipeline
    from albumnet.errors import CoverError

    failures, told = [], []
    for n, cover in enumerate(covers):
        picture = out if n == 0 else out.with_stem(f"{out.stem}-{n + 1}")
        try:
            moved = pipeline.change_cover(model, cover, moods=moods, genres=genres, year=year, out=picture)
        except CoverError as error:
            failures.append((str(cover), str(error)))
            continue
        told.append({"cover": str(cover), "moved": [{**_as_dict(m), "is_beyond": m.is_beyond} for m in moved]})
        if not is_json:
            print(cover)
            rows = (
                (m.change, m.mood, f"{m.before:.3f}", f"{m.after:.3f}", f"{m.moved:+.2f}", f"{m.by_encoding:.2f}",
                 "" if m.is_beyond else "no more than encoding")
                for m in moved
            )  # fmt: skip
            print_table(("change", "mood", "before", "after", "log-odds", "encoding alone", ""), rows)
        note(f"picture {picture}")
    if is_json:
        _print_json(told)
    list_failures(failures, what="covers")


def _show(explained: list[CoverExplanation], model: MoodModel, *, out: Path, method: str | None, is_json: bool) -> None:
    from albumnet import pipeline

    usable = [one for one in explained if one.error is None]
    if not usable:
        return
    parts = ("cover", "genre", "year") if model.kind.uses_metadata else ("cover",)
    paths = pipeline.write_explanation(usable, out, method=pipeline.method_title(method), parts=parts)
    if is_json:
        _print_json(pipeline.describe(usable))
    else:
        _print_maps(usable, parts)
    if not pipeline.has_earned_belief(method):
        note(f"albumnet: warning: {method} did not prove itself on planted covers (docs/results.md); do not rely on it")
    for one in (one for cover in usable for one in cover.maps if one.is_refused):
        note(
            f"albumnet: warning: the map of {one.title} is refused: a network that forgot everything gives much the "
            f"same (rank correlation {one.likeness:.2f})"
        )
    note(f"picture {paths[0]}, raw maps {paths[1]}, what they are {paths[2]}")


def _print_maps(usable: list[CoverExplanation], parts: tuple[str, ...]) -> None:
    for cover in usable:
        print(cover.cover)
        rows = (
            (
                one.title,
                f"{one.probability:.3f}",
                *(f"{one.shares[part]:+.2f}" for part in parts),
                "" if one.likeness is None else f"{one.likeness:.2f}",
            )
            for one in cover.maps
        )
        print_table(("", "probability", *(f"from {part}" for part in parts), "likeness after forgetting"), rows)


def _as_dict(record: Any) -> dict[str, Any]:
    """A dataclass as JSON takes it."""
    import dataclasses

    return dataclasses.asdict(record)


def _print_json(content: object) -> None:
    import json

    print(json.dumps(content, ensure_ascii=False, indent=1))
