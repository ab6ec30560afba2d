"""The commands shown in docs/commands, run for real, and their output held against the one that is shown.

    python tests/console_examples.py [PAGE.md…]     # runs them and writes what they print into the pages

A fenced block of the language `console` is run: each line that starts with "$ " is a command, the lines after it are
what it prints, notes included. In what is shown, "..." stands for anything within a line and, alone on a line, for any
lines. Whole numbers must be equal; decimals may differ by a twentieth, since processors round differently.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_PAGES = Path(__file__).parents[1] / "docs" / "commands"
COLUMNS = 100
# "covers  800 of 800, 691 a second" and the like.
_PROGRESS = re.compile(r"\S.*  [\d,]+ of [\d,]+(, .* a second.*)?|training  .*")
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:\d[\d,]*)?\.?\d+")
_TOLERANCE = 0.05


@dataclass(frozen=True)
class Example:
    """A command as a page shows it.

    Attributes:
        command: Without the "$ ".
        shown: The lines that it prints, as the page has them.
        line: Where it stands in the page, from 1.
    """

    command: str
    shown: tuple[str, ...]
    line: int


def list_pages() -> list[Path]:
    """The pages in the order of their index, which is the order that their examples are run in."""
    toctree = (_PAGES / "index.md").read_text().split("```{toctree}")[1].split("```")[0]
    names = [line for line in toctree.splitlines() if line and not line.startswith(":")]
    assert sorted(names) == sorted(page.stem for page in _PAGES.glob("*.md") if page.stem != "index")
    return [_PAGES / f"{name}.md" for name in names]


def read_examples(text: str) -> list[Example]:
    """The commands of a page in order; a line that ends with a backslash goes on in the next."""
    examples = []
    for block in _BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1)) + 1
        lines = block[1].splitlines()
        starts = [n for n, line in enumerate(lines) if line.startswith("$ ")]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            after = start + 1
            while lines[after - 1].endswith("\\"):
                after += 1
            command = " ".join(line.rstrip("\\").strip() for line in lines[start:after]).removeprefix("$ ")
            examples.append(Example(command, tuple(lines[after:end]), first + start))
    return examples


def run_example(command: str) -> list[str]:
    """What an `albumnet` command, or `cat` of a file's first lines, prints in the current folder."""
    words = shlex.split(command)
    words = [found for word in words for found in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]
    if words[0] == "head":
        return Path(words[-1]).read_text().splitlines()[: int(words[2])]
    assert words[0] == "albumnet", f"{command}: pages show albumnet and `head -n N FILE` only"
    from albumnet.cli import app

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            app(words[1:], prog_name="albumnet")
        except SystemExit as end:
            code = end.code or 0
        else:
            code = 0
    lines = [line.rstrip() for line in printed.getvalue().splitlines() if not _PROGRESS.fullmatch(line)]
    while lines and not lines[-1]:
        lines.pop()
    return [*lines, f"[exit code {code}]"] if code else lines


def difference(shown: tuple[str, ...], printed: list[str]) -> str | None:
    """The first thing shown that was not printed, or None where both agree."""
    at = 0
    wanted = list(shown)
    while wanted and not wanted[-1]:
        wanted.pop()
    for n, line in enumerate(wanted):
        if line.strip() == "...":
            if n + 1 == len(wanted):
                return None
            following = wanted[n + 1]
            while at < len(printed) and not _agree(following, printed[at]):
                at += 1
            continue
        if at >= len(printed):
            return f"shown but not printed: {line!r}"
        if not _agree(line, printed[at]):
            return f"shown {line!r}, printed {printed[at]!r}"
        at += 1
    return f"printed but not shown: {printed[at]!r}" if at < len(printed) else None


def _agree(shown: str, printed: str) -> bool:
    pattern, numbers = "", []
    for piece in re.split(rf"(\.\.\.|{_NUMBER.pattern})", " ".join(shown.split())):
        if piece == "...":
            pattern += ".*?"
        elif _NUMBER.fullmatch(piece):
            pattern += f"({_NUMBER.pattern})"
            numbers.append(piece)
        else:
            pattern += re.escape(piece)
    found = re.fullmatch(pattern, " ".join(printed.split()))
    return found is not None and all(_is_near(a, b) for a, b in zip(numbers, found.groups(), strict=True))


def _is_near(shown: str, printed: str) -> bool:
    if "." not in shown:
        return shown == printed
    a, b = (float(text.replace(",", "")) for text in (shown, printed))
    return abs(a - b) <= max(_TOLERANCE, _TOLERANCE * abs(a))


@contextlib.contextmanager
def in_planted_folder(directory: Path) -> Iterator[Path]:
    """Work in a folder that holds `albumnet-demo`, `ratings.csv` and `music`, as the pages take for granted."""
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet

    before, columns = Path.cwd(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(COLUMNS)
    try:
        os.chdir(directory)
        pipeline.demo(Path("albumnet-demo"), seed=0)
        _write_ratings(AlbumSet(Path("albumnet-demo/set")), Path("ratings.csv"))
        _write_music(Path("music"))
        yield directory
    finally:
        os.chdir(before)
        if columns is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = columns


def _write_ratings(album_set: object, path: Path) -> None:
    from albumnet.planted import draw_listeners

    albums = album_set.albums  # type: ignore[attr-defined]
    vocabulary = sorted({mood for album in albums for mood in album.moods})
    moods = np.array([[float(mood in album.moods) for mood in vocabulary] for album in albums])
    names = sorted({album.artist or "" for album in albums})
    artists = np.array([names.index(album.artist or "") for album in albums])
    shares = {"mood": 0.6, "artist": 0.2, "popularity": 0.2}
    rng = np.random.default_rng(0)
    likes = draw_listeners(moods, artists, shares=shares, n_users=150, n_likes=25, rng=rng)
    rows = [f"u{user},{albums[album].album_id},5" for user, album in zip(likes.user, likes.album, strict=True)]
    path.write_text("\n".join(["user,album_id,rating", *rows]) + "\n")


def _write_music(directory: Path) -> None:
    from audio_files import write_flac, write_mp3

    covers = sorted(Path("albumnet-demo/world/covers").iterdir())
    for n, (artist, album, year, genre) in enumerate(
        [("Jorun Larwick", "The Little Window", 1974, "Country"), ("Mirel Wenmere", "Bridge", 2013, "Electronic")]
    ):
        folder = directory / artist / album
        folder.mkdir(parents=True)
        (folder / "cover.jpg").write_bytes(covers[n].read_bytes())
        for track in (1, 2):
            title = f"Part {track}"
            write_mp3(folder / f"{track}.mp3", TPE1=artist, TALB=album, TIT2=title, TCON=genre, TDRC=str(year))
            write_flac(folder / f"{track}.flac", artist=artist, album=album, title=title, genre=genre, date=str(year))


def update_page(page: Path) -> int:
    """Run a page's commands and write what they print where something else is shown; how many changed."""
    text = page.read_text()
    n_changed = 0
    for example in reversed([(e, run_example(e.command)) for e in read_examples(text)]):
        shown, printed = example[0], example[1]
        if difference(shown.shown, printed) is None:
            continue
        n_changed += 1
        lines = text.splitlines()
        start = shown.line
        while lines[start - 1].endswith("\\"):
            start += 1
        lines[start : start + len(shown.shown)] = printed
        text = "\n".join(lines) + "\n"
    page.write_text(text)
    return n_changed


def main() -> None:
    """Bring the pages up to date."""
    pages = [Path(name).resolve() for name in sys.argv[1:]] or list_pages()
    with tempfile.TemporaryDirectory() as scratch, in_planted_folder(Path(scratch)):
        for page in pages:
            print(f"{page.name}: {update_page(page)} outputs changed", flush=True)


if __name__ == "__main__":
    main()
