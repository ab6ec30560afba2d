"""The origin's figure: moods as words on a plane, an album's own in blue, its cover where its prediction falls."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.dataset.atomic import write_bytes
from albumnet.errors import MapError, MissingExtraError
from albumnet.moodmap.drawing.boxes import spread_boxes
from albumnet.moodmap.layout import Layout, lay_out
from albumnet.moodmap.placing import place_among

if TYPE_CHECKING:
    from jaxtyping import Float
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

DPI = 100
PERPLEXITY = 8.0
_PAD = 4.0
_MARGIN = 18.0
_INK, _QUIET, _WORD, _EDGE = "#1d2733", "#6b7785", "#2f6f4f", "#a3cdb5"
_TRUE, _TRUE_FILL, _DOT = "#1f5fbf", "#e8f0fc", "#d9822b"
_MAX_ENLARGEMENTS = 6
# A prediction lies between about this many words, and is not drawn to those further off than this part of the plane.
_N_NEAR_WORDS = 4.0
_REACH = 0.15


@dataclass(frozen=True)
class WordPlane:
    """M moods laid out by their word vectors.

    Attributes:
        names: The moods.
        vectors: (M, E) of unit length.
        layout: Where they lie.
    """

    names: tuple[str, ...]
    vectors: Float[np.ndarray, "M E"]
    layout: Layout

    def place(self, vectors: Float[np.ndarray, "K E"]) -> Float[np.ndarray, "K 2"]:
        """Where predictions fall among the words: between the few that they are nearest to."""
        # Words are far fewer than a map's albums: with t-SNE's own unit every prediction would end on just one of them.
        layout = Layout(self.layout.xy, _REACH, min(_N_NEAR_WORDS, len(self.names) / 3))
        return place_among(vectors, self.vectors, layout)


@dataclass(frozen=True)
class AlbumOnPlane:
    """An album whose prediction is drawn.

    Attributes:
        title: What the figure is called.
        moods: The moods it is tagged with.
        predicted: The likeliest ones, likeliest first.
        vectors: (S, E): its predictions, the first for the strongest mood.
        cover: (side, side, 3) uint8; None where there is none to be shown.
    """

    title: str
    moods: tuple[str, ...]
    predicted: tuple[str, ...]
    vectors: Float[np.ndarray, "S E"]
    cover: np.ndarray | None


@dataclass(frozen=True)
class Panel:
    """One of several pictures side by side: what a model says of all albums, and of some with their cover."""

    title: str
    remarks: tuple[str, ...]
    vectors: Float[np.ndarray, "N E"]
    albums: tuple[AlbumOnPlane, ...]


def lay_out_words(names: Sequence[str], vectors: Float[np.ndarray, "M E"], *, rng: np.random.Generator) -> WordPlane:
    """Lay moods out by their word vectors.

    Raises:
        MapError: If there are fewer than five.
        MissingExtraError: If openTSNE is not installed.
    """
    if len(names) < 5:
        raise MapError(f"{len(names)} moods are too few for a figure of the mood space; it takes 5")
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    return WordPlane(tuple(names), vectors, lay_out(vectors, rng=rng, perplexity=PERPLEXITY))


def draw_album(plane: WordPlane, album: AlbumOnPlane, *, remark: str) -> Figure:
    """The moods as words, the album's own in blue, its cover at each of its predicted places."""
    width, height = 1240.0, 900.0
    is_ranked = len(album.vectors) > 1
    for _ in range(_MAX_ENLARGEMENTS):
        figure = _new_figure((width, height))
        axes = _add_axes(figure, (0, 40, width, height - 140))
        if _fill(figure, axes, plane, [album], cover_side=62 if is_ranked else 84, font_size=9.5):
            _write_heading(figure, album, remark=remark, is_ranked=is_ranked)
            return figure
        width, height = width * 1.25, height * 1.25
    raise MapError(f"{len(plane.names)} moods find no room on the figure")


def draw_comparison(plane: WordPlane, panels: Sequence[Panel], *, remark: str) -> Figure:
    """What several models say of the same albums, side by side on the same words."""
    side, top, bottom = 760.0, 110.0, 40.0
    for _ in range(_MAX_ENLARGEMENTS):
        figure = _new_figure((side * len(panels), side + top + bottom))
        is_done = True
        for n, panel in enumerate(panels):
            left = n * side
            axes = _add_axes(figure, (left, bottom, side, side))
            is_done &= _fill(figure, axes, plane, panel.albums, cover_side=56, font_size=8, is_boxed=False)
            places = _to_pixels(plane.place(panel.vectors), plane, axes)
            axes.scatter(places[:, 0], places[:, 1], s=10, color=_DOT, alpha=0.45, linewidths=0, zorder=2.5)
            for y, content, size, weight, color in (
                (72, panel.title, 15, "bold", _INK),
                *((46 - 20 * line, text, 10, "normal", _QUIET) for line, text in enumerate(panel.remarks)),
            ):
                _text(
                    figure, left + _MARGIN, bottom + side + y, content, size=size, weight=weight, color=color,
                    room=side - 2 * _MARGIN,
                )  # fmt: skip
        if is_done:
            _text(figure, _MARGIN, 18, remark, size=8.5, color=_QUIET)
            return figure
        side *= 1.25
    raise MapError(f"{len(plane.names)} moods find no room on the figure")


def write_figure(figure: Figure, path: Path) -> tuple[Path, Path]:
    """Write a figure as `path`.svg and `path`.png; the same figure gives the same bytes, its words are text."""
    written = []
    for kind in ("svg", "png"):
        file = io.BytesIO()
        metadata: dict[str, Any] = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
        with _our_style():
            figure.savefig(file, format=kind, dpi=DPI, metadata=metadata)
        written.append(path.with_name(f"{path.name}.{kind}"))
        write_bytes(written[-1], file.getvalue())
    return written[0], written[1]


def word_boxes(figure: Figure) -> list[Float[np.ndarray, "M 4"]]:
    """Where the words' boxes lie, (left, bottom, right, top) in pixels, for each picture of the figure."""
    canvas = _canvas(figure)
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib leaves it out
    boxes = []
    for axes in figure.axes:
        patches = [text.get_bbox_patch() for text in axes.texts if text.get_gid() == "word"]
        boxes.append(np.array([patch.get_window_extent().extents for patch in patches if patch is not None]))
    return boxes


def _new_figure(size: tuple[float, float]) -> Figure:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            "figures need matplotlib, which the base install leaves out; pip install 'albumnet[map]'"
        ) from error
    figure = Figure(figsize=(size[0] / DPI, size[1] / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _add_axes(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    """Axes whose units are the figure's pixels."""
    width, height = figure.get_size_inches() * DPI
    left, bottom, wide, high = box
    axes = figure.add_axes((left / width, bottom / height, wide / width, high / height))
    axes.set_xlim(left, left + wide)
    axes.set_ylim(bottom, bottom + high)
    axes.set_axis_off()
    return axes


def _fill(
    figure: Figure,
    axes: Axes,
    plane: WordPlane,
    albums: Sequence[AlbumOnPlane],
    *,
    cover_side: float,
    font_size: float,
    is_boxed: bool = True,
) -> bool:
    """Draw covers and words; False if there is no room for them."""
    frame = _frame(axes)
    places = np.concatenate([_to_pixels(plane.place(a.vectors), plane, axes) for a in albums] or [np.empty((0, 2))])
    covers = spread_boxes(places, np.full((len(places), 2), cover_side + 8), frame=frame)
    sizes = _measure_words(figure, plane.names, font_size)
    anchors = _to_pixels(plane.layout.xy, plane, axes)
    if covers is None:
        return False
    half = (cover_side + 8) / 2
    words = spread_boxes(anchors, sizes, frame=frame, obstacles=np.hstack([covers - half, covers + half]))
    if words is None:
        return False
    tagged = {mood for album in albums for mood in album.moods}
    style = WordStyle(font_size, is_boxed)
    _draw_words(axes, plane.names, words, anchors=anchors, sizes=sizes, tagged=tagged, style=style)
    shown = [(album.cover, rank, len(album.vectors)) for album in albums for rank in range(len(album.vectors))]
    for (cover, rank, n_ranks), centre, place in zip(shown, covers, places, strict=True):
        _draw_cover(axes, cover, centre, place, side=cover_side, badge=str(rank + 1) if n_ranks > 1 else "")
    return True


@dataclass(frozen=True)
class WordStyle:
    """How words are drawn: their size in points, and whether each in a box or all quietly behind the dots."""

    font_size: float
    is_boxed: bool

    def of(self, *, is_true: bool) -> dict[str, Any]:
        """Arguments for one word."""
        if is_true:
            box = {"facecolor": _TRUE_FILL, "edgecolor": _TRUE, "linewidth": 1.1}
        elif self.is_boxed:
            box = {"facecolor": "white", "edgecolor": _EDGE, "linewidth": 0.7}
        else:
            box = {"facecolor": "none", "edgecolor": "none", "linewidth": 0}
        return {
            "fontsize": self.font_size,
            "fontweight": "bold" if is_true else "normal",
            "color": _TRUE if is_true else _WORD if self.is_boxed else _QUIET,
            "zorder": 3 if is_true else 2,
            "bbox": {"boxstyle": "round,pad=0.28,rounding_size=0.25", **box},
        }


def _draw_words(
    axes: Axes,
    names: Sequence[str],
    centres: np.ndarray,
    *,
    anchors: np.ndarray,
    sizes: np.ndarray,
    tagged: set[str],
    style: WordStyle,
) -> None:
    for name, centre, anchor, size in zip(names, centres, anchors, sizes, strict=True):
        if (np.abs(centre - anchor) > size / 2 + 2).any():
            axes.plot(*zip(anchor, centre, strict=True), color=_EDGE, linewidth=0.7, zorder=1, solid_capstyle="round")
            axes.plot(*anchor, marker="o", markersize=2.2, color=_EDGE, zorder=1)
        text = axes.text(
            centre[0], centre[1], name, ha="center", va="center", parse_math=False, **style.of(is_true=name in tagged)
        )
        text.set_gid("word")


def _draw_cover(
    axes: Axes, cover: np.ndarray | None, centre: np.ndarray, place: np.ndarray, *, side: float, badge: str
) -> None:
    from matplotlib.patches import Rectangle

    left, bottom = centre - side / 2
    if np.abs(centre - place).max() > 2:
        axes.plot(*zip(place, centre, strict=True), color=_DOT, linewidth=1.2, zorder=5)
        axes.plot(*place, marker="o", markersize=4.5, color=_DOT, zorder=7)
    frame = Rectangle((left - 2, bottom - 2), side + 4, side + 4, facecolor="white", edgecolor=_DOT, linewidth=1.6)
    frame.set_zorder(5)
    axes.add_patch(frame)
    limits = axes.axis()
    if cover is not None:
        axes.imshow(
            cover, extent=(left, left + side, bottom, bottom + side), interpolation="none", aspect="auto", zorder=6
        )
        axes.axis(limits)
    if badge:
        axes.text(
            left + side - 9,
            bottom + 9,
            badge,
            fontsize=8.5,
            fontweight="bold",
            color="white",
            ha="center",
            va="center",
            zorder=8,
            bbox={"boxstyle": "circle,pad=0.22", "facecolor": _DOT, "edgecolor": "white", "linewidth": 0.8},
        )


def _write_heading(figure: Figure, album: AlbumOnPlane, *, remark: str, is_ranked: bool) -> None:
    _, height = figure.get_size_inches() * DPI
    _text(figure, _MARGIN, height - 36, album.title, size=17, weight="bold")
    _text(figure, _MARGIN, height - 62, f"tagged {', '.join(album.moods) or 'nothing'}", size=11, color=_TRUE)
    _text(figure, _MARGIN, height - 84, f"predicted {', '.join(album.predicted)}", size=11, color=_DOT)
    what = "covers: the five predictions by rank" if is_ranked else "cover: where the prediction falls"
    _text(figure, _MARGIN, 18, f"{what} · blue: tagged moods · {remark}", size=8.5, color=_QUIET)


def _text(
    figure: Figure,
    x: float,
    y: float,
    content: str,
    *,
    size: float,
    color: str = _INK,
    weight: str = "normal",
    room: float | None = None,
) -> None:
    """A line of text at a pixel, cut to the room there is: to the figure's edge if not said."""
    width, height = figure.get_size_inches() * DPI
    room = width - x - _MARGIN if room is None else room
    shown = content
    while len(shown) > 1 and _width_of(figure, shown, size=size, weight=weight) > room:
        shown = f"{shown[:-2].rstrip()}…"
    figure.text(x / width, y / height, shown, fontsize=size, color=color, fontweight=weight, parse_math=False)


def _width_of(figure: Figure, content: str, *, size: float, weight: str) -> float:
    """Of a line of text, in pixels."""
    from matplotlib.font_manager import FontProperties

    # matplotlib annotates neither the renderer nor its methods.
    renderer: Any = _canvas(figure).get_renderer()  # type: ignore[no-untyped-call]
    with _our_style():
        return float(
            renderer.get_text_width_height_descent(content, FontProperties(size=size, weight=weight), False)[0]
        )


def _measure_words(figure: Figure, names: Sequence[str], font_size: float) -> np.ndarray:
    """(M, 2): width and height of each word with its box and room around it, in pixels; as bold, which is wider."""
    padding = 2 * 0.28 * font_size * DPI / 72 + _PAD
    height = 1.2 * font_size * DPI / 72
    return np.array(
        [(_width_of(figure, name, size=font_size, weight="bold") + padding, height + padding) for name in names]
    )


def _canvas(figure: Figure) -> FigureCanvasAgg:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    return canvas


def _frame(axes: Axes) -> tuple[float, float, float, float]:
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    return left + _MARGIN / 2, bottom + _MARGIN / 2, right - _MARGIN / 2, top - _MARGIN / 2


def _to_pixels(xy: np.ndarray, plane: WordPlane, axes: Axes) -> np.ndarray:
    """Places on the plane in pixels of the axes, both directions filled by the words."""
    left, bottom, right, top = _frame(axes)
    inset = np.array([45.0, 20.0])
    low, high = np.array([left, bottom]) + inset, np.array([right, top]) - inset
    first, last = plane.layout.xy.min(axis=0), plane.layout.xy.max(axis=0)
    share = (xy - first) / np.maximum(last - first, 1e-9)
    pixels: np.ndarray = low + share.astype(np.float64) * (high - low)
    return pixels


@contextmanager
def _our_style() -> Iterator[None]:
    """Text stays text, ids do not change, and a letter that the font lacks is no reason to warn."""
    import matplotlib as mpl

    style: Any = {"svg.fonttype": "none", "svg.hashsalt": "albumnet", "image.composite_image": False}
    with mpl.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield
