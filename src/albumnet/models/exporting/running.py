"""An exported model in use by ONNX Runtime, with what its file says of itself alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.models.exporting.graph import PROBABILITIES
from albumnet.records import normalise_name
from albumnet.vision.graphs import COVER

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

_BATCH = 16


class ExportedModel:
    """A model that `albumnet export` wrote.

    Args:
        path: The .onnx file.
    """

    def __init__(self, path: Path) -> None:
        from albumnet.vision.engines.onnx_engine import open_session

        self._session = open_session(path)
        told = self._session.get_modelmeta().custom_metadata_map
        self.moods: tuple[str, ...] = tuple(json.loads(told["moods"]))
        self._tokens: list[str] = json.loads(told.get("genre_tokens", "[]"))
        self._inputs = {found.name for found in self._session.get_inputs()}

    def probabilities(
        self,
        pixels: UInt8[np.ndarray, "N size size 3"] | None,
        genres: Sequence[Sequence[str]],
        years: Sequence[int | None],
    ) -> Float[np.ndarray, "N M"]:
        """Probability of each mood, moods in the order of `moods`; what the model does not look at is passed over."""
        given = {
            "genres": np.array([self._switch(n) for n in genres], np.float32).reshape(len(genres), len(self._tokens)),
            "year": np.array([np.nan if year is None else year for year in years], np.float32),
        }
        if pixels is not None:
            given[COVER] = pixels
        given = {name: values for name, values in given.items() if name in self._inputs}
        parts = [
            self._session.run([PROBABILITIES], {name: values[n : n + _BATCH] for name, values in given.items()})[0]
            for n in range(0, len(genres), _BATCH)
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(self.moods)), np.float32)

    def _switch(self, genres: Sequence[str]) -> list[bool]:
        names = [normalise_name(genre) for genre in genres]
        return [any(token in name for name in names) for token in self._tokens]
