"""AlbumNet as a plugin of beets: moods of albums' covers on import or on demand, in the library and in the files.

See docs/beets.md for its options. There is no `__init__.py` beside this file: `beetsplug` is a namespace that beets and
other distributions share.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beets.dbcore import types
from beets.dbcore.query import FieldQuery
from beets.plugins import BeetsPlugin
from beets.ui import Subcommand, UserError, print_, should_write

from albumnet.errors import AlbumNetError, CoverError, TagError, WordVectorError

if TYPE_CHECKING:
    from beets.library import Album, Item, Library

    from albumnet.marks import MoodMark
    from albumnet.models.prediction import MoodModel
    from albumnet.moodspace import WordVectors
    from albumnet.tagging import Choice, FilePlan

_FIELD = "mood"
# Of word vectors around their centre. Nearer than this, a word and a mood are mostly of one meaning; opposites come
# near too ("rainy" and "Sunny" .64).
_CLOSENESS = 0.65


class MoodQuery(FieldQuery[str]):
    """`mood:word`: albums and tracks with a mood that the word is part of, or that is close to it in meaning."""

    @classmethod
    def value_match(cls, pattern: str, value: Any) -> bool:
        """Whether one of some moods is meant by a word."""
        moods = value if isinstance(value, list) else [part.strip() for part in (value or "").split(";")]
        return any(pattern.casefold() in mood.casefold() or _is_close(pattern, mood) for mood in moods if mood)


class MoodList(types.DelimitedString):
    """Moods as the library keeps them, likeliest first."""

    query = MoodQuery


class AlbumNetPlugin(BeetsPlugin):
    """Reads moods off covers; leaves people's own moods alone."""

    item_types = {_FIELD: MoodList("; ")}  # noqa: RUF012  as beets' own plugins have it
    album_types = item_types

    def __init__(self) -> None:
        super().__init__()
        self.config.add(
            {
                "auto": True,
                "model": "starter",
                "weights": "",
                "write": True,
                "force": False,
                "top": 5,
                "min_probability": 0.3,
                "join": "",
                "closeness": _CLOSENESS,
            }
        )
        if self.config["auto"].get(bool):
            # Not an import stage: those come before files are moved and have their picture.
            self.register_listener("album_imported", self.imported)

    def commands(self) -> list[Subcommand]:
        """`beet albumnet`."""
        command = Subcommand("albumnet", help="read the moods of albums off their covers")
        command.parser.add_option("-f", "--force", action="store_true", help="also over people's own moods")
        command.parser.add_option("-W", "--nowrite", action="store_true", help="into the library only, not into files")
        command.parser.add_option("-p", "--pretend", action="store_true", help="only show the moods")
        command.parser.add_option("-u", "--undo", action="store_true", help="take back what was written")
        command.func = self.run_command
        return [command]

    def run_command(self, lib: Library, options: Any, arguments: Sequence[str]) -> None:
        """Moods for the albums that a query finds."""
        try:
            for album in lib.albums(arguments):
                if options.undo:
                    self._take_back(lib, album)
                elif options.pretend:
                    print_(f"{album}: {self._describe(album)}")
                else:
                    write = should_write() and self.config["write"].get(bool) and not options.nowrite
                    force = bool(options.force) or self.config["force"].get(bool)
                    self._give_moods(lib, album, write=write, force=force)
        except AlbumNetError as error:
            raise UserError(str(error)) from error

    def imported(self, lib: Library, album: Album) -> None:
        """Moods for an album that was just imported; trouble is told and stops no import."""
        try:
            write = should_write() and self.config["write"].get(bool)
            self._give_moods(lib, album, write=write, force=self.config["force"].get(bool))
        except AlbumNetError as error:
            self._log.error("{}: {}", album, error)

    def _give_moods(self, lib: Library, album: Album, *, write: bool, force: bool) -> None:
        try:
            mark = self._predict(album)
        except CoverError as error:
            self._log.warning("{}: {}", album, error)
            return
        self._log.info("{}: {}", album, _in_words(mark))
        planned = [(item, plan) for item in album.items() if (plan := self._plan(lib, item, mark, force=force))]
        if write:
            self._write(lib, planned)
        of_album: tuple[str, ...] = ()
        for item, plan in planned:
            moods = plan.before.moods if plan.action == "keep" else _names(mark)
            _remember(item, moods)
            item.store()
            of_album = of_album or moods
        _remember(album, of_album)
        album.store(inherit=False)  # tracks have their own

    def _describe(self, album: Album) -> str:
        try:
            return _in_words(self._predict(album))
        except CoverError as error:
            return str(error)

    def _predict(self, album: Album) -> MoodMark | None:
        """The moods worth giving to an album; None where the model cannot tell.

        Raises:
            CoverError: If there is no cover, or none that can be read.
        """
        genres = list(album.get("genres") or ())
        year = album.get("original_year") or album.get("year") or None
        (prediction,) = self._model.predict([_read_cover(album)], genres=[genres], years=[year])
        if prediction.error is not None:
            raise CoverError(f"its cover {prediction.error}")
        return self._choice.choose(prediction, model=self._model_id)

    def _plan(self, lib: Library, item: Item, mark: MoodMark | None, *, force: bool) -> FilePlan | None:
        from albumnet.tagging import plan_file

        music_dir, name = _place(lib, item)
        try:
            return plan_file(music_dir / name, name=name, mark=mark, force=force)
        except TagError as error:
            self._log.warning("{}: {}", item, error)
            return None

    def _write(self, lib: Library, planned: Sequence[tuple[Item, FilePlan]]) -> None:
        """Change the files of one album that are to be changed."""
        from albumnet.records import Album as TaggedAlbum
        from albumnet.tagging import AlbumPlan, TagPlan, apply_plan

        by_folder: dict[Path, list[tuple[Item, FilePlan]]] = defaultdict(list)
        for item, plan in planned:
            if plan.action in ("write", "take back"):
                by_folder[_place(lib, item)[0]].append((item, plan))
        for music_dir, members in by_folder.items():
            album = AlbumPlan(TaggedAlbum(""), None, None, tuple(plan for _, plan in members))
            for name, reason in apply_plan(TagPlan(music_dir, self._model_id, (album,), ())).failures:
                self._log.warning("{}: {}", name, reason)
            for item, _ in members:
                item.mtime = item.current_mtime()

    def _take_back(self, lib: Library, album: Album) -> None:
        from albumnet.tagging import open_tags, take_back

        items = list(album.items())
        by_folder: dict[Path, list[str]] = defaultdict(list)
        for item in items:
            music_dir, name = _place(lib, item)
            by_folder[music_dir].append(name)
        for music_dir, names in by_folder.items():
            for name, reason in take_back(music_dir, names, and_recorded=False).failures:
                self._log.warning("{}: {}", name, reason)
        for item in items:
            path = Path(os.fsdecode(item.path))
            if path.is_file():
                item.mtime = item.current_mtime()
            try:
                _remember(item, open_tags(path).read().moods)
            except TagError as error:
                self._log.warning("{}: {}", item, error)
            item.store()
        _remember(album, ())
        album.store(inherit=False)

    @functools.cached_property
    def _choice(self) -> Choice:
        from albumnet.tagging import Choice

        return Choice(
            top=self.config["top"].get(int),
            min_probability=self.config["min_probability"].as_number(),
            join=self.config["join"].get(str) or None,
        )

    @functools.cached_property
    def _model(self) -> MoodModel:
        from albumnet.models.prediction import load_model

        weights = self.config["weights"].get(str)
        return load_model(self._run, weights=Path(weights) if weights else None)

    @functools.cached_property
    def _model_id(self) -> str:
        from albumnet.pipeline import name_model

        return name_model(self._model, self._run)

    @property
    def _run(self) -> str:
        name = self.config["model"].get(str)
        folder = Path(name).expanduser()
        return str(folder) if folder.is_dir() else name


def _place(lib: Library, item: Item) -> tuple[Path, str]:
    """The folder that has the undo file, and the file relative to it."""
    path, directory = Path(os.fsdecode(item.path)), Path(os.fsdecode(lib.directory))
    # Files that were imported in place may lie anywhere.
    music_dir = directory if path.is_relative_to(directory) else path.parent
    return music_dir, path.relative_to(music_dir).as_posix()


def _read_cover(album: Album) -> bytes:
    """The album's picture file, or the front picture inside its files."""
    from albumnet.sources.library.pictures import read_picture

    if album.artpath and Path(os.fsdecode(album.artpath)).is_file():
        return Path(os.fsdecode(album.artpath)).read_bytes()
    for item in album.items():
        if picture := read_picture(Path(os.fsdecode(item.path))):
            return picture
    raise CoverError("has no cover, neither as a file nor inside its tracks")


def _remember(model: Album | Item, moods: Sequence[str]) -> None:
    """Keep moods in the library; none are no field."""
    if moods:
        model[_FIELD] = list(moods)
    else:
        # A track without the field would show its album's.
        with contextlib.suppress(KeyError):
            del model[_FIELD]


def _names(mark: MoodMark | None) -> tuple[str, ...]:
    return tuple(mood for mood, _ in mark.moods) if mark is not None else ()


def _in_words(mark: MoodMark | None) -> str:
    if mark is None:
        return "cannot tell"
    return ", ".join(f"{mood} {probability:.2f}" for mood, probability in mark.moods)


@functools.cache
def _is_close(word: str, mood: str) -> bool:
    from beets import config

    from albumnet.moodspace import nearest_moods

    try:
        (found,) = nearest_moods(word, _packaged_words(), moods=[mood])
    except WordVectorError:
        return False
    return found.cosine >= config["albumnet"]["closeness"].as_number()


@functools.cache
def _packaged_words() -> WordVectors:
    from albumnet.moodspace import load_packaged_words

    return load_packaged_words()
