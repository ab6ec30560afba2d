"""A model of several heads, one for each of what may be known of an album: cover, genre and year, or less.

A head that was trained on albums without a genre knows better what to say without one than a head that is told "genre
unknown". On disk it is a run, the one for all three, with the other runs in `parts/` and `parts.json` beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.dataset.atomic import read_json, write_json
from albumnet.errors import RunError
from albumnet.models.prediction import MoodModel
from albumnet.models.run import parts_file, read_config, read_weights
from albumnet.models.telling import Telling

if TYPE_CHECKING:
    from jaxtyping import Float

SCHEMA_VERSION = 1
_NOTHING = "nothing"


class ModelOfParts(MoodModel):
    """A trained model that answers with the head made for what is known of each album.

    Args:
        parts: By what is known, as `name_known` calls it; all eight, of one and the same moods and backbone.
        telling: When each of them tells a mood.
        weights: The backbone's weights file; None for those that come with it.
        engine: What runs the backbone: auto | torch | onnx | openvino.
    """

    answers_without_cover = True

    def __init__(
        self,
        parts: Mapping[str, MoodModel],
        telling: Mapping[str, Telling],
        *,
        weights: Path | None = None,
        engine: str = "auto",
    ) -> None:
        whole = parts[name_known(cover=True, genre=True, year=True)]
        super().__init__(whole.config, whole.arrays, weights=weights, engine=engine)
        self.parts = parts
        for name, part in parts.items():
            part.telling = telling[name]

    def part_for(self, *, has_cover: bool, genres: Sequence[str], year: int | None) -> MoodModel:
        """The head for what is known of an album; a genre that no training album had is not known."""
        has_genre = any(self.config.metadata.knows(genre) for genre in genres)
        return self.parts[name_known(cover=has_cover, genre=has_genre, year=year is not None)]

    def probabilities(
        self,
        features: Float[np.ndarray, "N ..."] | None,
        genres: Sequence[Sequence[str]],
        years: Sequence[int | None],
        *,
        is_calibrated: bool = True,
    ) -> Float[np.ndarray, "N M"]:
        """As `MoodModel.probabilities`; without features, from genre and year alone."""
        found = np.empty((len(genres), len(self.config.moods)), np.float32)
        for part, rows, given in self._groups(features, genres, years):
            found[rows] = part.probabilities(*given, is_calibrated=is_calibrated)
        return found

    def slot_vectors(
        self, features: Float[np.ndarray, "N ..."] | None, genres: Sequence[Sequence[str]], years: Sequence[int | None]
    ) -> Float[np.ndarray, "N 1 E"]:
        """As `MoodModel.slot_vectors`; without features, from genre and year alone."""
        found = np.empty((len(genres), 1, self.embedding_size), np.float32)
        for part, rows, given in self._groups(features, genres, years):
            found[rows] = part.slot_vectors(*given)
        return found

    def closeness_to(
        self,
        labels: Float[np.ndarray, "K E"],
        features: Float[np.ndarray, "N ..."] | None,
        genres: Sequence[Sequence[str]],
        years: Sequence[int | None],
    ) -> Float[np.ndarray, "N K"]:
        """As `MoodModel.closeness_to`; without features, from genre and year alone."""
        found = np.empty((len(genres), len(labels)), np.float32)
        for part, rows, given in self._groups(features, genres, years):
            found[rows] = part.closeness_to(labels, *given)
        return found

    def _groups(
        self, features: np.ndarray | None, genres: Sequence[Sequence[str]], years: Sequence[int | None]
    ) -> list[tuple[MoodModel, list[int], tuple[Any, list[Sequence[str]], list[int | None]]]]:
        """Albums of which the same is known: the head for them, their rows, and what it is given."""
        rows_of: dict[int, list[int]] = {}
        part_of: dict[int, MoodModel] = {}
        for row, (names, year) in enumerate(zip(genres, years, strict=True)):
            part = self.part_for(has_cover=features is not None, genres=names, year=year)
            part_of[id(part)] = part
            rows_of.setdefault(id(part), []).append(row)
        return [
            (
                part_of[key],
                rows,
                (
                    features[rows] if features is not None and part_of[key].kind.uses_cover else None,
                    [genres[row] for row in rows],
                    [years[row] for row in rows],
                ),
            )
            for key, rows in rows_of.items()
        ]


def name_known(*, cover: bool, genre: bool, year: bool) -> str:
    """What is known of an album, in a word: "cover+genre+year", "genre", "nothing"."""
    known = [name for name, is_known in (("cover", cover), ("genre", genre), ("year", year)) if is_known]
    return "+".join(known) or _NOTHING


def list_known() -> tuple[str, ...]:
    """All that can be known of an album, most first."""
    both = (True, False)
    return tuple(name_known(cover=c, genre=g, year=y) for c in both for g in both for y in both)


def folder_of(run: Path, known: str) -> Path:
    """Where a part lies; the one for all that can be known is the run itself."""
    return run if known == list_known()[0] else run / "parts" / known


def write_telling(run: Path, telling: Mapping[str, Telling]) -> None:
    """Write parts.json, which makes a run and those in `parts/` one model; it comes last."""
    content = {known: vars(telling[known]) for known in list_known()}
    write_json(parts_file(run), {"parts": content}, schema_version=SCHEMA_VERSION)


def load_parts(run: Path, *, weights: Path | None = None, engine: str = "auto") -> ModelOfParts:
    """Load a run with its parts.

    Raises:
        RunError: If a part is missing, or is of other moods or another backbone.
        SchemaVersionError: If another version wrote it.
    """
    content = read_json(parts_file(run), schema_version=SCHEMA_VERSION)["parts"]
    parts = {known: _load_part(folder_of(run, known), weights) for known in list_known()}
    whole = parts[list_known()[0]].config
    for known, part in parts.items():
        wanted_backbone = whole.backbone if part.kind.uses_cover else None
        if part.config.moods != whole.moods or part.config.backbone != wanted_backbone:
            raise RunError(f"{folder_of(run, known)} is of other moods or another backbone than {run}; train it again")
    telling = {known: Telling(**content[known]) for known in parts}
    return ModelOfParts(parts, telling, weights=weights, engine=engine)


def _load_part(run: Path, weights: Path | None) -> MoodModel:
    config = read_config(run)
    return MoodModel(config, read_weights(run, config), weights=weights)
