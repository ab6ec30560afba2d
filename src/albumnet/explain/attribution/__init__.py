"""Attribution: a value per pixel of a cover, saying how much it made the model say a mood.

Each method takes a scorer, normalised covers (B, 3, H, W) and a direction (M,) among the moods, and gives maps
(B, H, W). `direction` is 1 at one mood, or 1 at one and -1 at another for "why this rather than that".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from albumnet.errors import ExplainError
from albumnet.explain.attribution.class_activation import gradcam, hirescam
from albumnet.explain.attribution.gradients import gradient, guided_backprop, integrated_gradients
from albumnet.explain.attribution.occlusion import occlusion
from albumnet.explain.attribution.scorer import MoodScorer

if TYPE_CHECKING:
    import torch

    Attribution = Callable[[MoodScorer, torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Method:
    """A way to attribute.

    Attributes:
        name: As --method takes it.
        title: As a table calls it.
        is_signed: Whether what speaks against the mood is told from what speaks for it.
        has_earned: Whether on planted covers it pointed better than a map of the centre and deleted better than chance
            (docs/results.md); the others are there to be compared, and to draw what the origin drew.
        attribute: The function.
    """

    name: str
    title: str
    is_signed: bool
    has_earned: bool
    attribute: Attribution


METHODS = {
    method.name: method
    for method in (
        Method("hirescam", "HiResCAM", True, True, hirescam),
        Method("gradcam", "Grad-CAM", False, True, gradcam),
        Method("occlusion", "occlusion", True, True, occlusion),
        Method("integrated_gradients", "integrated gradients", True, True, integrated_gradients),
        Method("gradient", "gradient", False, False, gradient),
        Method("guided_backprop", "guided backprop", False, False, guided_backprop),
    )
}
DEFAULT_METHOD = "hirescam"


def get_method(name: str) -> Method:
    """A method by name.

    Raises:
        ExplainError: If there is none of that name.
    """
    if name not in METHODS:
        raise ExplainError(f"no method {name!r}; there are {', '.join(METHODS)}")
    return METHODS[name]


__all__ = ["DEFAULT_METHOD", "METHODS", "Method", "MoodScorer", "get_method"]
