"""`albumnet moods`: walking among moods and words, and finding albums by words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from albumnet.cli.options import Json, Vectors, Weights, resolve_run
from albumnet.cli.output import ProgressPrinter, command, list_failures, note, print_table

if TYPE_CHECKING:
    from albumnet.moodspace import MoodFamilies, Neighbour
    from albumnet.pipeline import FoundAlbum, FoundAlbums

moods_app = typer.Typer(no_args_is_help=True)

Words = Annotated[list[str], typer.Argument(metavar="WORD…", help="A word, several, or a mood name.")]
Top = Annotated[int, typer.Option("--top", min=1, help="How many at most.")]
OnSet = Annotated[Path | None, typer.Option("--on", metavar="SET", help="Among the moods of this album set.")]
OfRun = Annotated[
    Path | None,
    typer.Option("--model", metavar="RUN", callback=resolve_run, help="Among the moods of this trained model."),
]

SIGNS = "+-\u2212"  # the last is the true minus sign
# Mean cosines nearer than this are as good as equal.
_CLOSE_CALL = 0.05


@moods_app.command("near")
@command
def near(
    words: Words, on: OnSet = None, model: OfRun = None, top: Top = 10, vectors: Vectors = None, json: Json = False
) -> None:
    """The words nearest to a word.

    With --on or --model, the moods nearest to it.
    """
    from albumnet import moodspace, pipeline

    _check_one_source(on, model, is_needed=False)
    moods, config = pipeline.moods_to_walk(on=on, run=model)
    word_vectors = pipeline.vectors_to_walk(vectors, config=config)
    text = " ".join(words)
    places = moodspace.place_moods(moods, word_vectors, asked=text) if moods else moodspace.place_words(word_vectors)
    found = moodspace.nearest(text, word_vectors, among=places, top=top)
    if json:
        _print_json({"words": text, "n_names": len(places.names), "nearest": _plain(found)})
        return
    print_table(("word" if moods is None else "mood", "cosine"), map(_neighbour_row, found))
    kind = "words" if moods is None else f"moods of {model or on}"
    note(f"nearest to {text} among {len(places.names):,} {kind}; cosines around their centre")
    _note_moods_left_out([mood for mood in moods or () if mood not in places.names])


@moods_app.command("analogy", context_settings={"ignore_unknown_options": True})
@command
def analogy(
    words: Annotated[list[str], typer.Argument(metavar="WORD [+|- WORD]…", help="king - man + woman")],
    top: Top = 5,
    vectors: Vectors = None,
    json: Json = False,
) -> None:
    """The words nearest to `king - man + woman`.

    Any sum and difference of words.
    """
    from albumnet import moodspace, pipeline
    from albumnet.moodspace.neighbours import tied_for_first

    plus, minus = _read_signs(words)
    found = moodspace.solve_analogy(plus, minus, vectors=pipeline.vectors_to_walk(vectors), top=top)
    tied = tied_for_first(found)
    if json:
        _print_json({"plus": plus, "minus": minus, "answers": _plain(found), "tied": tied})
        return
    print_table(("word", "cosine"), map(_neighbour_row, found))
    if tied:
        note(f"no single answer: {', '.join(tied)} are equally near")


@moods_app.command("odd")
@command
def odd(
    words: Annotated[list[str], typer.Argument(metavar="WORD WORD WORD…", help="Three or more; quote mood names.")],
    vectors: Vectors = None,
    json: Json = False,
) -> None:
    """Which of three or more words fits least with the others."""
    from albumnet import moodspace, pipeline

    words = list(dict.fromkeys(words))
    if len(words) < 3:
        raise typer.BadParameter("give three or more different words")
    found = moodspace.find_odd_one_out(words, pipeline.vectors_to_walk(vectors))
    ordered = sorted(found.closeness, key=lambda each: each.cosine)
    if json:
        _print_json({"odd": found.odd, "closeness": _plain(ordered)})
        return
    print(found.odd or "no odd one out")
    note("mean cosine with the others: " + ", ".join(f"{each.name} {each.cosine:.2f}" for each in ordered))
    if found.odd is None:
        note(f"{ordered[0].name} and {ordered[1].name} are equally far from the others")
    elif ordered[1].cosine - ordered[0].cosine < _CLOSE_CALL:
        note(f"a close call: {ordered[1].name} fits hardly better")


@moods_app.command("families")
@command
def families(
    on: OnSet = None,
    model: OfRun = None,
    n_families: Annotated[int | None, typer.Option("--families", min=1, help="How many; chosen if not given.")] = None,
    vectors: Vectors = None,
    json: Json = False,
) -> None:
    """Families of moods that lie together.

    By their label vectors; each is named after its most central mood.
    """
    from albumnet import moodspace, pipeline

    _check_one_source(on, model, is_needed=True)
    moods, config = pipeline.moods_to_walk(on=on, run=model)
    places = moodspace.place_moods(moods or (), pipeline.vectors_to_walk(vectors, config=config))
    found = moodspace.mood_families(places.vectors, n_families=n_families)
    rows = _family_rows(found, places.names)
    silhouette = found.silhouette if found.silhouette == found.silhouette else None
    if json:
        listed = [{"name": name, "moods": members} for name, members in rows]
        _print_json({"silhouette": silhouette, "families": listed})
    else:
        cells = ((name, str(len(members)), ", ".join(members)) for name, members in rows)
        print_table(("family", "", "moods"), cells, left=(0, 2))
        worth = "undefined" if silhouette is None else f"{silhouette:.2f} (0 is no division at all)"
        note(f"{len(places.names)} moods in {len(rows)} families; mean silhouette {worth}")
    list_failures([(mood, "no word vector") for mood in moods or () if mood not in places.names], what="moods")


@moods_app.command("find")
@command
def find(
    words: Words,
    on: Annotated[Path, typer.Option("--on", metavar="SET", help="The album set to search.")],
    model: Annotated[
        Path,
        typer.Option("--model", metavar="RUN", callback=resolve_run, help="The trained model that places its albums."),
    ],
    top: Top = 10,
    vectors: Vectors = None,
    weights: Weights = None,
    json: Json = False,
) -> None:
    """The albums that are closest to any words.

    By their mood vectors; any words that have word vectors.
    """
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet

    found = pipeline.find_albums(
        AlbumSet(on), model, text=" ".join(words), vectors=vectors, top=top, weights=weights, progress=ProgressPrinter()
    )
    if json:
        _print_json(_plain_found(found))
    else:
        print_table(
            ("rank", "closeness", "album_id", "artist – title", "likeliest moods"),
            map(_found_row, found.albums),
            left=(2, 3, 4),
        )
        _note_search(found)
    list_failures([(word, "no word vector; --vectors FILE may have it") for word in found.missing], what="words")


def _check_one_source(on: Path | None, model: Path | None, *, is_needed: bool) -> None:
    if on is not None and model is not None:
        raise typer.BadParameter("give --on SET or --model RUN, not both")
    if is_needed and on is None and model is None:
        raise typer.BadParameter("say whose moods: --on SET or --model RUN")


def _read_signs(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Words to add and words to take away, of `king - man + woman`, `king -man +woman`, or all that in one argument."""
    signed: list[tuple[str, str]] = []
    sign = ""
    for part in " ".join(words).split():
        if part.startswith("--"):
            raise typer.BadParameter(f"there is no option {part}")
        word = part.lstrip(SIGNS)
        if word == part and signed and not sign:
            raise typer.BadParameter(f"say + or - before {part!r}")
        if word != part and (sign or len(part) - len(word) > 1):
            raise typer.BadParameter(f"a word is missing before {part!r}")
        sign = part[0] if word != part else sign
        if word:
            signed.append((sign, word))
            sign = ""
    if sign:
        raise typer.BadParameter(f"a word is missing after {sign!r}")
    if len(signed) < 2:
        raise typer.BadParameter("give two words or more, with + or - between them: king - man + woman")
    plus = [word for sign, word in signed if sign in ("", "+")]
    return plus, [word for sign, word in signed if sign not in ("", "+")]


def _neighbour_row(each: Neighbour) -> tuple[str, str]:
    return each.name, f"{each.cosine:.3f}"


def _note_moods_left_out(moods: Sequence[str]) -> None:
    if moods:
        note(f"albumnet: note: passed over, no word vector: {', '.join(moods)}")


def _family_rows(found: MoodFamilies, names: Sequence[str]) -> list[tuple[str, list[str]]]:
    return [
        (names[central], [names[row] for row in found.members(family)]) for family, central in enumerate(found.central)
    ]


def _found_row(each: FoundAlbum) -> tuple[str, ...]:
    title = " – ".join(part for part in (each.album.artist, each.album.title) if part)
    moods = ", ".join(mood.mood for mood in each.moods)
    return str(each.rank), f"{each.closeness:.2f}", each.album.album_id, title, moods


def _note_search(found: FoundAlbums) -> None:
    near = ", ".join(f"{mood.name} {mood.cosine:.2f}" for mood in found.nearest_moods)
    left_out = f"; {found.n_left_out:,} without a usable cover were not" if found.n_left_out else ""
    note(f"{found.n_searched:,} albums searched for {', '.join(found.words)}{left_out}")
    note(f"the model's moods nearest to that: {near}")
    if found.is_regressed:
        note(
            "albumnet: note: this model is regressed on the moods' vectors: its albums crowd together and searches "
            "find the same few; models 1, 2 and 4 (decoded) tell more apart"
        )


def _plain(found: Sequence[Neighbour]) -> list[dict[str, Any]]:
    return [{"name": each.name, "cosine": each.cosine} for each in found]


def _plain_found(found: FoundAlbums) -> dict[str, Any]:
    albums = [
        {
            "rank": each.rank,
            "album_id": each.album.album_id,
            "artist": each.album.artist,
            "title": each.album.title,
            "closeness": each.closeness,
            "moods": [{"mood": mood.mood, "probability": mood.probability} for mood in each.moods],
        }
        for each in found.albums
    ]
    return {
        "words": list(found.words),
        "missing": list(found.missing),
        "nearest_moods": _plain(found.nearest_moods),
        "n_searched": found.n_searched,
        "n_left_out": found.n_left_out,
        "albums": albums,
    }


def _print_json(content: dict[str, Any]) -> None:
    import json

    print(json.dumps(content, ensure_ascii=False, indent=1))
