"""A study on disk: what raters may see lies in study.json and pictures/, what they may not lies in key.json alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from albumnet.dataset.atomic import read_json, write_json
from albumnet.errors import StudyError

SCHEMA_VERSION = 1
STUDY_FILE, KEY_FILE, ANSWERS_FILE, PICTURES = "study.json", "key.json", "answers.sqlite", "pictures"


@dataclass(frozen=True, slots=True)
class Rater:
    """Who rates, and in which order: item ids, a repeated one twice."""

    name: str
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingItem:
    """A cover that is shown first and never counted, with what is to be learned on it."""

    item: str
    explanation: str


@dataclass(frozen=True)
class Study:
    """All that the rating page needs; nothing in it says which albums the covers are of.

    Attributes:
        path: The folder.
        study_id: Random; copies of a study share it, and only they can be merged.
        moods: What raters choose from, in alphabetical order.
        families: Name and moods of each family.
        items: Ids of the covers that count; random, so that they say nothing.
        training: Covers that do not count.
        raters: In the order they were given.
        drawn: "random" or "stratified".
        seed: What items and orders were drawn with.
    """

    path: Path
    study_id: str
    moods: tuple[str, ...]
    families: tuple[tuple[str, tuple[str, ...]], ...]
    items: tuple[str, ...]
    training: tuple[TrainingItem, ...]
    raters: tuple[Rater, ...]
    drawn: str
    seed: int

    def rater(self, name: str) -> Rater:
        """The rater of that name.

        Raises:
            StudyError: If there is none.
        """
        for rater in self.raters:
            if rater.name == name:
                return rater
        raise StudyError(f"{self.path} has no rater {name!r}; it has {', '.join(r.name for r in self.raters)}")

    @cached_property
    def n_training(self) -> int:
        """Positions before the first one that counts."""
        return len(self.training)

    def items_of(self, rater: Rater) -> tuple[str, ...]:
        """What a rater is shown, position by position: training first."""
        return (*(t.item for t in self.training), *rater.order)

    def showing(self, rater: Rater, position: int) -> int:
        """How many times the rater was shown this position's item by then; 1 is the showing that counts."""
        items = self.items_of(rater)
        return items[: position + 1].count(items[position])

    def picture(self, item: str) -> Path:
        """The file of an item's picture."""
        return self.path / PICTURES / f"{item}.jpg"

    @property
    def answers_file(self) -> Path:
        """The SQLite file of links and answers."""
        return self.path / ANSWERS_FILE


@dataclass(frozen=True, slots=True)
class KeyItem:
    """Which album an item's cover is of, and what the set says of it."""

    album_id: str
    artist: str
    title: str
    cover: str
    moods: tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """What raters may not see.

    Attributes:
        album_set: Folder of the set that the covers were drawn from.
        albums_digest: Of its albums.
        items: Item id -> album.
        shares: Mood -> share of the albums drawn from that have it.
    """

    album_set: str
    albums_digest: str
    items: Mapping[str, KeyItem]
    shares: Mapping[str, float]


def write_study(study: Study, key: Key) -> None:
    """Write the key, then study.json: a folder with study.json is a whole study."""
    write_json(study.path / KEY_FILE, {"study_id": study.study_id, **asdict(key)}, schema_version=SCHEMA_VERSION)
    content = {name: value for name, value in asdict(study).items() if name != "path"}
    write_json(study.path / STUDY_FILE, content, schema_version=SCHEMA_VERSION)


def read_study(path: Path) -> Study:
    """Read a study.

    Raises:
        StudyError: If the folder is no study, or study.json was changed by hand.
        SchemaVersionError: If another version wrote it.
    """
    content = _read(path / STUDY_FILE)
    try:
        return Study(
            path=path,
            study_id=content["study_id"],
            moods=tuple(content["moods"]),
            families=tuple((name, tuple(moods)) for name, moods in content["families"]),
            items=tuple(content["items"]),
            training=tuple(TrainingItem(**item) for item in content["training"]),
            raters=tuple(Rater(r["name"], tuple(r["order"])) for r in content["raters"]),
            drawn=content["drawn"],
            seed=content["seed"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StudyError(f"{path / STUDY_FILE} is not what `albumnet study create` writes ({error})") from error


def read_key(study: Study) -> Key:
    """Read which albums the covers are of.

    Raises:
        StudyError: If this copy of the study came without its key, or the key is another study's.
    """
    path = study.path / KEY_FILE
    if not path.is_file():
        raise StudyError(
            f"{study.path} has no {KEY_FILE}: it is a copy for raters; merge it into the study it was copied from "
            f"with `albumnet study merge STUDY {study.path}`"
        )
    content = _read(path)
    if content.get("study_id") != study.study_id:
        raise StudyError(f"{path} is the key of study {content.get('study_id')}, the folder holds {study.study_id}")
    items = {item: KeyItem(**{**k, "moods": tuple(k["moods"])}) for item, k in content["items"].items()}
    return Key(content["album_set"], content["albums_digest"], items, content["shares"])


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise StudyError(f"{path.parent} is no study (it has no {path.name}); make one with `albumnet study create`")
    return read_json(path, schema_version=SCHEMA_VERSION)
