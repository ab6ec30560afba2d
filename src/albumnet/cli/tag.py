"""`albumnet tag`: moods into audio files, and out of them again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from albumnet.cli.options import Json, Weights
from albumnet.cli.output import ProgressPrinter, command, list_failures, note

if TYPE_CHECKING:
    from albumnet.tagging import AlbumPlan, FilePlan, MoodTags, TagPlan, TagResult

ModelName = Annotated[
    str, typer.Option("--model", metavar="RUN", help="Folder of a trained model, or the name of a packaged one.")
]


@command
def tag(
    music_dir: Annotated[Path, typer.Argument(metavar="MUSIC_DIR", help="Folder of tagged audio files.")],
    model: ModelName = "starter",
    yes: Annotated[bool, typer.Option("--yes", help="Write; without it, only the plan is shown.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was written.")] = False,
    top: Annotated[int, typer.Option("--top", min=1, help="Moods per album at most.")] = 5,
    min_probability: Annotated[
        float, typer.Option("--min-probability", min=0, max=1, help="Less likely moods are left out.")
    ] = 0.3,
    join: Annotated[
        str | None, typer.Option("--join", metavar="TEXT", help="One value with this between the moods.")
    ] = None,
    weights: Weights = None,
    force: Annotated[bool, typer.Option("--force", help="Also over moods that people wrote or changed.")] = False,
    json: Json = False,
) -> None:
    """Write moods into audio files.

    Those of the albums' covers; first shows what would change.
    """
    if dry_run and yes:
        raise typer.BadParameter("give --yes or --dry-run, not both")
    if undo:
        if dry_run:
            raise typer.BadParameter("--undo has no --dry-run; it only ever puts back what stood there before")
        return _undo(music_dir, force=force, json=json)
    from albumnet import pipeline
    from albumnet.tagging import Choice, apply_plan

    choice = Choice(top=top, min_probability=min_probability, join=join)
    progress = ProgressPrinter()
    plan = pipeline.plan_tags(music_dir, model, choice=choice, weights=weights, force=force, progress=progress)
    if not yes:
        _show_plan(plan, json=json)
        return list_failures(_printable(plan.attention), what="files and albums")
    result = apply_plan(plan, progress=progress)
    if json:
        _print_json({**_plain_plan(plan), **_plain_result(result)})
    _note_result(plan, result)
    return list_failures(_printable([*plan.attention, *result.failures]), what="files and albums")


def _undo(music_dir: Path, *, force: bool, json: bool) -> None:
    from albumnet import pipeline

    result = pipeline.undo_tags(music_dir, force=force, progress=ProgressPrinter())
    if json:
        _print_json(_plain_result(result))
    note(f"{music_dir}: {result.n_taken_back:,} files have the mood tags again that they had before")
    list_failures(_printable(result.failures), what="files")


def _show_plan(plan: TagPlan, *, json: bool) -> None:
    if json:
        _print_json(_plain_plan(plan))
    else:
        for album in plan.albums:
            for line in _album_lines(album):
                print(line)
    n_changed = plan.count("write", "take back")
    note(
        f"{plan.music_dir}: {plan.count('write'):,} files to write, {plan.count('take back'):,} to take ours back "
        f"from, {plan.count('keep'):,} with people's own moods, {plan.count('nothing'):,} as they should be"
    )
    if n_changed:
        note("nothing was written; --yes writes, and `albumnet tag MUSIC_DIR --undo` takes it back")


def _note_result(plan: TagPlan, result: TagResult) -> None:
    taken = f", ours taken back from {result.n_taken_back:,}" if result.n_taken_back else ""
    note(
        f"{plan.music_dir}: moods written into {result.n_written:,} files{taken}; {plan.count('keep'):,} with people's "
        f"own moods left alone; {plan.count('nothing'):,} were as they should be"
    )


def _album_lines(album: AlbumPlan) -> Iterator[str]:
    """One album as a diff: files with the same change stand under it together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for file in album.files:
        groups.setdefault(tuple(_changes(file)), []).append(file.name)
    title = " – ".join(part for part in (album.album.artist, album.album.title) if part)
    yield f"@@ {printable_name(title)} @@ cover {printable_name(album.cover or '')}"
    for lines, names in groups.items():
        yield from lines
        yield from (f"  {printable_name(name)}" for name in names)


def _changes(file: FilePlan) -> Iterator[str]:
    if file.action == "keep":
        yield f"=MOOD {', '.join(file.before.moods) or 'taken out by somebody'} (kept; --force replaces)"
    elif file.action == "nothing":
        yield f"=MOOD {', '.join(file.before.moods) or 'none, and none likely enough'}"
    else:
        yield from (f"-{line}" for line in _tag_lines(file.before))
        yield from (f"+{line}" for line in _tag_lines(file.after))


def _tag_lines(tags: MoodTags) -> Iterator[str]:
    for entry in tags.entries:
        for value in entry.values:
            yield f"{entry.key} {value}"


def _plain_plan(plan: TagPlan) -> dict[str, Any]:
    albums = [
        {
            "album_id": album.album.album_id,
            "artist": album.album.artist,
            "title": album.album.title,
            "cover": printable_name(album.cover or ""),
            "moods": [{"mood": mood, "probability": p} for mood, p in (album.mark.moods if album.mark else ())],
            "files": [
                {
                    "file": printable_name(file.name),
                    "action": file.action,
                    "before": list(file.before.moods),
                    "after": list(file.after.moods),
                }
                for file in album.files
            ],
        }
        for album in plan.albums
    ]
    attention = [{"item": item, "reason": reason} for item, reason in _printable(plan.attention)]
    return {"model": plan.model, "albums": albums, "attention": attention}


def _plain_result(result: TagResult) -> dict[str, Any]:
    return {
        "n_written": result.n_written,
        "n_taken_back": result.n_taken_back,
        "failures": [{"item": item, "reason": reason} for item, reason in _printable(result.failures)],
    }


def _print_json(content: dict[str, Any]) -> None:
    import json

    print(json.dumps(content, ensure_ascii=False, indent=1))


def printable_name(name: str) -> str:
    """A file name that any terminal takes: bytes that are no UTF-8 are spelled out."""
    import os

    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _printable(items: Any) -> list[tuple[str, str]]:
    return [(printable_name(item), printable_name(reason)) for item, reason in items]
