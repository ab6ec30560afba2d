"""Genres and year to a model's metadata columns, as nodes: what `MetadataEncoder.encode` does.

Inputs: "genres" (B, G) float32, 1 where one of the album's genre names contains token g, else 0, all 0 where unknown;
"year" (B,) float32, nan where unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from albumnet.models.metadata import MetadataEncoder
    from albumnet.vision.graphs.building import GraphBuilder


@dataclass(frozen=True)
class MetadataInputs:
    """Names of what is known of the albums, in a graph.

    Attributes:
        genres: (B, G).
        n_genres: (B, 1), tokens that are switched on.
        has_genre: (B, 1) bool.
        year: (B, 1), any number where unknown.
        has_year: (B, 1) bool.
        one: (B, 1), ones.
    """

    genres: str
    n_genres: str
    has_genre: str
    year: str
    has_year: str
    one: str


def add_inputs(graph: GraphBuilder, encoder: MetadataEncoder) -> MetadataInputs:
    """Inputs "genres" and "year"."""
    genres = graph.input("genres", np.float32, [len(encoder.tokens)])
    year = graph.node("Unsqueeze", graph.input("year", np.float32, []), graph.array(np.array([1], np.int64)))
    is_missing = graph.node("IsNaN", year)
    known_year = graph.node("Where", is_missing, graph.number(encoder.year_mean), year)
    n_genres = graph.node("ReduceSum", genres, graph.array(np.array([1], np.int64)), keepdims=1)
    return MetadataInputs(
        genres=genres,
        n_genres=n_genres,
        has_genre=graph.node("Greater", n_genres, graph.number(0)),
        year=known_year,
        has_year=graph.node("Not", is_missing),
        one=graph.node("Add", graph.node("Mul", known_year, graph.number(0)), graph.number(1)),
    )


def add_columns(graph: GraphBuilder, given: MetadataInputs, encoder: MetadataEncoder) -> str:
    """Metadata columns (B, K)."""
    return graph.node("Concat", *_genre_columns(graph, given, encoder), *_year_columns(graph, given, encoder), axis=1)


def _genre_columns(graph: GraphBuilder, given: MetadataInputs, encoder: MetadataEncoder) -> list[str]:
    scale = graph.number(encoder.genre_scale)
    if not encoder.tokens:
        return [graph.node("Mul", given.one, scale)]
    length = graph.node("Sqrt", graph.node("Max", given.n_genres, graph.number(1)))
    known = graph.node("Mul", graph.node("Div", given.genres, length), scale)
    return [known, graph.node("Where", given.has_genre, graph.number(0), scale)]


def _year_columns(graph: GraphBuilder, given: MetadataInputs, encoder: MetadataEncoder) -> list[str]:
    scale = graph.number(encoder.year_scale)
    if not encoder.decades:
        return [graph.node("Mul", given.one, graph.number(0)), graph.node("Mul", given.one, scale)]
    middles = np.array(encoder.decades, np.float32) + 5
    apart = graph.node("Sub", given.year, graph.number(encoder.year_mean))
    value = _clip(graph, graph.node("Div", apart, graph.number(encoder.year_std)), -3, 3)
    nearest = _clip(graph, given.year, middles[0], middles[-1])
    distance = graph.node("Abs", graph.node("Sub", graph.array(middles[None]), nearest))
    closeness = graph.node("Sub", graph.number(1), graph.node("Div", distance, graph.number(10)))
    decades = graph.node("Max", closeness, graph.number(0))
    known = graph.node("Mul", graph.node("Concat", value, decades, axis=1), scale)
    return [
        graph.node("Where", given.has_year, known, graph.number(0)),
        graph.node("Where", given.has_year, graph.number(0), scale),
    ]


def _clip(graph: GraphBuilder, x: str, low: float, high: float) -> str:
    return graph.node("Min", graph.node("Max", x, graph.number(low)), graph.number(high))
