"""A backbone's own module run by PyTorch, as fast as this machine allows while the features stay those of float32."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from albumnet.vision.backbones.base import Backbone
from albumnet.vision.engines.agreement import MIN_AGREEMENT, smallest_cosine

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

    from albumnet.vision.backbones.base import Forward


@dataclass(frozen=True)
class TorchEngine:
    """PyTorch on a processor or a GPU.

    Attributes:
        backbone: Whose features.
        name: "torch".
        device: As in `Engine`.
        precision: Likewise.
        agreement: Likewise.
        batch_size: Likewise.
    """

    backbone: Backbone
    device: str
    precision: str
    agreement: float
    batch_size: int
    forward: Forward
    name: str = "torch"

    def features(self, covers: UInt8[np.ndarray, "B size size 3"]) -> Float[np.ndarray, "B ..."]:
        """Features (B, *feature_shape), float32, of decoded covers."""
        pixels = torch.from_numpy(covers).to(self.device)
        with torch.inference_mode():
            return self.forward(self.backbone.transform.normalise(pixels)).float().cpu().numpy()


def prepare(
    backbone: Backbone,
    *,
    trial_covers: UInt8[np.ndarray, "B size size 3"],
    device: str = "auto",
    precision: str = "auto",
) -> TorchEngine:
    """Pick the fastest way to run a backbone here that agrees with float32 on the trial covers.

    Tried in order: AMP on a GPU; bfloat16 with channels last where the processor has the arithmetic and the backbone
    tolerates it; the backbone's own fast float32; the plain network, which always agrees. A precision that was asked
    for by name and does not agree is warned about.

    Args:
        backbone: The network.
        trial_covers: A few decoded covers on which the features must agree (cosine >= 0.999).
        device: auto | cpu | cuda.
        precision: auto | float32 | bfloat16 | amp.
    """
    device = settle_device(device)
    backbone.module.to(device)
    wanted = _run(backbone, backbone.module, trial_covers, device=device)
    for candidate in _candidates(backbone, device) if precision == "auto" else (precision,):
        forward = _make_forward(backbone, precision=candidate)
        if forward is None:
            continue
        agreement = smallest_cosine(wanted, _run(backbone, forward, trial_covers, device=device))
        if agreement >= MIN_AGREEMENT:
            batch_size = 256 if device == "cuda" else backbone.batch_size
            return TorchEngine(backbone, device, candidate, agreement, batch_size, forward)
        if candidate == precision:
            warnings.warn(
                f"{candidate} features of {backbone.name} agree with float32 only to cosine {agreement:.4f}; not used",
                stacklevel=2,
            )
    return TorchEngine(backbone, device, "float32", 1.0, backbone.batch_size, backbone.module)


def plain(backbone: Backbone) -> TorchEngine:
    """The plain float32 network on the processor, which all others are held against."""
    return TorchEngine(backbone, "cpu", "float32", 1.0, backbone.batch_size, backbone.module)


def settle_device(device: str) -> str:
    """auto | cpu | cuda -> cpu | cuda."""
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself (AVX-512 BF16 or AMX) rather than emulating it."""
    checks = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return any(check() for check in checks if check is not None)


def _candidates(backbone: Backbone, device: str) -> tuple[str, ...]:
    if device == "cuda":
        return ("amp", "float32")
    return ("bfloat16", "float32") if backbone.tolerates_bfloat16 and has_fast_bfloat16() else ("float32",)


def _make_forward(backbone: Backbone, *, precision: str) -> Forward | None:
    """None where the plain network is the only way."""
    if precision == "amp":
        return _amp(backbone.module.to(memory_format=torch.channels_last))
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    on_processor = all(parameter.device.type == "cpu" for parameter in backbone.module.parameters())
    fast = backbone.fast(dtype) if backbone.fast and on_processor else None
    return _bfloat16(backbone.module) if fast is None and precision == "bfloat16" else fast


def _amp(module: torch.nn.Module) -> Forward:
    def forward(covers: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cuda", dtype=torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16):
            features: torch.Tensor = module(covers)
        return features

    return forward


def _bfloat16(module: torch.nn.Module) -> Forward:
    low = copy.deepcopy(module).to(torch.bfloat16).to(memory_format=torch.channels_last)

    def forward(covers: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = low(covers.to(torch.bfloat16))
        return features

    return forward


def _run(backbone: Backbone, forward: Forward, covers: np.ndarray, *, device: str) -> np.ndarray:
    with torch.inference_mode():
        pixels = torch.from_numpy(covers).to(device)
        return forward(backbone.transform.normalise(pixels)).float().cpu().numpy().reshape(len(covers), -1)
