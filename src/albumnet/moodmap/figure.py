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
from albumnet.moodmap.boxes import spread_boxes
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
_INK, _QUIET, _WORD, _EDGE = "#1d2733", "#6b7785", "#2f6f4f", "#b9d6c6"
_TRUE, _TRUE_FILL, _DOT = "#1f5fbf", "#e8f0fc", "#d9822b"
_MAX_ENLARGEMENTS = 6


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
        """Where predictions fall among the words."""
        return place_among(vectors, self.vectors, self.layout)


@dataclass(frozen=True)
class AlbumOnPlane:
    """An album whose prediction is drawn.

    Attributes:
        title: What the figure is called.
        moods: The moods it is tagged with.
        vectors: (S, E): its predictions, the first for the strongest mood.
        cover: (side, side, 3) uint8; None where there is none to be shown.
    """

    title: str
    moods: tuple[str, ...]
    vectors: Float[np.ndarray, "S E"]
    cover: np.ndarray | None


@dataclass(frozen=True)
class Panel:
    """One of several pictures side by side: what a model says of all albums, and of some with their cover."""

    title: str
    remark: str
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
    size = (1240.0, 900.0)
    for _ in range(_MAX_ENLARGEMENTS):
        figure = _new_figure(size)
        axes = _add_axes(figure, (0, 44, size[0], size[1] - 120))
        if _fill(axes, plane, [album], cover_side=84 if len(album.vectors) == 1 else 62, font_size=9.5):
            _write_heading(figure, album, remark=remark, is_ranked=len(album.vectors) > 1)
            return figure
        size = (size[0] * 1.25, size[1] * 1.25)
    raise MapError(f"{len(plane.names)} moods find no room on the figure")


def draw_comparison(plane: WordPlane, panels: Sequence[Panel], *, remark: str) -> Figure:
    """What several models say of the same albums, side by side on the same words."""
    side, top, bottom = 780.0, 100.0, 40.0
    for _ in range(_MAX_ENLARGEMENTS):
        figure = _new_figure((side * len(panels), side + top + bottom))
        done = []
        for n, panel in enumerate(panels):
            axes = _add_axes(figure, (n * side, bottom, side, side))
            places = _to_pixels(plane.place(panel.vectors), axes)
            axes.scatter(places[:, 0], places[:, 1], s=9, color=_DOT, alpha=0.35, linewidths=0, zorder=2)
            done.append(_fill(axes, plane, panel.albums, cover_side=56, font_size=7.5))
            _text(figure, n * side + _MARGIN, bottom + side + 34, panel.title, size=14, weight="bold")
            _text(figure, n * side + _MARGIN, bottom + side + 12, panel.remark, size=10, color=_QUIET)
        if all(done):
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


def _fill(axes: Axes, plane: WordPlane, albums: Sequence[AlbumOnPlane], *, cover_side: float, font_size: float) -> bool:
    """Draw covers and words; False if there is no room for them."""
    frame = _frame(axes)
    places = np.concatenate([_to_pixels(plane.place(a.vectors), axes) for a in albums] or [np.empty((0, 2))])
    covers = spread_boxes(places, np.full((len(places), 2), cover_side + 8), frame=frame)
    sizes = _measure_words(axes, plane.names, font_size)
    anchors = _to_pixels(plane.layout.xy, axes)
    if covers is None:
        return False
    half = (cover_side + 8) / 2
    words = spread_boxes(anchors, sizes, frame=frame, obstacles=np.hstack([covers - half, covers + half]))
    if words is None:
        return False
    tagged = {mood for album in albums for mood in album.moods}
    _draw_words(axes, plane.names, words, anchors=anchors, sizes=sizes, tagged=tagged, font_size=font_size)
    shown = [(album.cover, rank, len(album.vectors)) for album in albums for rank in range(len(album.vectors))]
    for (cover, rank, n_ranks), centre, place in zip(shown, covers, places, strict=True):
        _draw_cover(axes, cover, centre, place, side=cover_side, badge=str(rank + 1) if n_ranks > 1 else "")
    return True


def _draw_words(
    axes: Axes,
    names: Sequence[str],
    centres: np.ndarray,
    *,
    anchors: np.ndarray,
    sizes: np.ndarray,
    tagged: set[str],
    font_size: float,
) -> None:
    for name, centre, anchor, size in zip(names, centres, anchors, sizes, strict=True):
        is_true = name in tagged
        if (np.abs(centre - anchor) > size / 2 + 2).any():
            axes.plot(*zip(anchor, centre, strict=True), color=_EDGE, linewidth=0.7, zorder=1, solid_capstyle="round")
            axes.plot(*anchor, marker="o", markersize=2.2, color=_EDGE, zorder=1)
        text = axes.text(
            centre[0],
            centre[1],
            name,
            fontsize=font_size,
            color=_TRUE if is_true else _WORD,
            fontweight="bold" if is_true else "normal",
            ha="center",
            va="center",
            parse_math=False,
            zorder=4 if is_true else 3,
            bbox={
                "boxstyle": "round,pad=0.28,rounding_size=0.25",
                "facecolor": _TRUE_FILL if is_true else "white",
                "edgecolor": _TRUE if is_true else _EDGE,
                "linewidth": 1.1 if is_true else 0.7,
            },
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
    tags = ", ".join(album.moods) or "nothing"
    _text(figure, _MARGIN, height - 62, f"tagged {tags}", size=11, color=_TRUE)
    what = "covers: the five predictions by rank" if is_ranked else "cover: where the prediction falls"
    _text(figure, _MARGIN, 18, f"{what} · blue: tagged moods · {remark}", size=8.5, color=_QUIET)


def _text(
    figure: Figure, x: float, y: float, content: str, *, size: float, color: str = _INK, weight: str = "normal"
) -> None:
    """A line of text at a pixel, cut to the figure's width."""
    width, height = figure.get_size_inches() * DPI
    # 0.62 of the height: the mean width of the font's letters, measured on English text, and some more.
    n_fitting = int((width - x - _MARGIN) / (0.62 * size * DPI / 72))
    shown = content if len(content) <= n_fitting else content[: n_fitting - 1] + "…"
    figure.text(x / width, y / height, shown, fontsize=size, color=color, fontweight=weight, parse_math=False)


def _measure_words(axes: Axes, names: Sequence[str], font_size: float) -> np.ndarray:
    """(M, 2): width and height of each word with its box and room around it, in pixels; as bold, which is wider."""
    from matplotlib.font_manager import FontProperties

    figure = axes.get_figure(root=True)
    assert figure is not None
    font = FontProperties(size=font_size, weight="bold")
    # matplotlib annotates neither the renderer nor its methods.
    renderer: Any = _canvas(figure).get_renderer()  # type: ignore[no-untyped-call]
    padding = 2 * 0.28 * font_size * DPI / 72 + _PAD
    with _our_style():
        height = renderer.get_text_width_height_descent("lp", font, False)[1]
        widths = [renderer.get_text_width_height_descent(name, font, False)[0] for name in names]
    return np.array([(width + padding, height + padding) for width in widths])


def _canvas(figure: Figure) -> FigureCanvasAgg:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    return canvas


def _frame(axes: Axes) -> tuple[float, float, float, float]:
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    return left + _MARGIN / 2, bottom + _MARGIN / 2, right - _MARGIN / 2, top - _MARGIN / 2


def _to_pixels(xy: np.ndarray, axes: Axes) -> np.ndarray:
    """The unit square onto the axes, both directions filled: on a plane of words only what is near what counts."""
    left, bottom, right, top = _frame(axes)
    inset = np.array([45.0, 20.0])
    low, high = np.array([left, bottom]) + inset, np.array([right, top]) - inset
    pixels: np.ndarray = low + xy.astype(np.float64) * (high - low)
    return pixels


@contextmanager
def _our_style() -> Iterator[None]:
    """Text stays text, ids do not change, and a letter that the font lacks is no reason to warn."""
    import matplotlib as mpl

    style: Any = {"svg.fonttype": "none", "svg.hashsalt": "albumnet", "image.composite_image": False}
    with mpl.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield
