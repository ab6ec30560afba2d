"""A backbone's own module run by PyTorch, as fast as this machine allows while the features stay those of float32."""

from __future__ import annotations

import copy
import threading
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from albumnet.errors import EngineError
from albumnet.vision.backbones.base import Backbone
from albumnet.vision.engines.agreement import MIN_AGREEMENT, smallest_cosine

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

    from albumnet.vision.backbones.base import Forward

# Covers per forward on a GPU.
GPU_BATCH = 256
# torch.compile takes twenty seconds and then saves an H100 40 to 55 microseconds a cover.
COMPILED_FROM = 500_000


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
        """Features (B, *feature_shape), float32, of decoded covers.

        On a GPU calls from several threads run beside each other, and covers in page-locked memory travel there
        meanwhile.
        """
        if self.device == "cpu":
            return _run(self.backbone, self.forward, covers, device="cpu")
        with torch.cuda.stream(_stream_of_thread()):
            return _run(self.backbone, self.forward, covers, device=self.device)


def prepare(
    backbone: Backbone,
    *,
    trial_covers: UInt8[np.ndarray, "B size size 3"],
    device: str = "auto",
    precision: str = "auto",
    n_covers: int = 0,
) -> TorchEngine:
    """Pick the fastest way to run a backbone here that agrees with float32 on the trial covers.

    Tried in order. On a GPU: AMP in float16, then in bfloat16, which has fewer digits but cannot overflow; float32,
    whose products the GPU may round to TF32. On a processor: bfloat16 with channels last where the processor has the
    arithmetic and the backbone tolerates it; the backbone's own fast float32. Last the plain network, which always
    agrees. A precision that was asked for by name and does not agree is warned about.

    Args:
        backbone: The network.
        trial_covers: A few decoded covers on which the features must agree (cosine >= 0.999).
        device: auto | cpu | cuda.
        precision: auto | float32 | bfloat16 | amp.
        n_covers: How many will come, as far as that is known; for half a million a GPU's network is compiled.
    """
    device = settle_device(device)
    backbone.module.to(device)
    with _exact(device):
        wanted = _run(backbone, backbone.module, trial_covers, device=device)
    batch_size = GPU_BATCH if device == "cuda" else backbone.batch_size
    refused = []
    for candidate in _candidates(backbone, device=device, precision=precision):
        forward = _make_forward(backbone, device=device, precision=candidate)
        if forward is None:
            continue
        if device == "cuda" and n_covers >= COMPILED_FROM:
            forward = compiled(forward, batch_size=batch_size)
        agreement = smallest_cosine(wanted, _run(backbone, forward, trial_covers, device=device))
        if agreement >= MIN_AGREEMENT:
            return TorchEngine(backbone, device, candidate, agreement, batch_size, forward)
        refused.append(agreement)
    if precision != "auto" and refused:
        warnings.warn(
            f"{precision} features of {backbone.name} agree with float32 only to cosine {max(refused):.4f}; not used",
            stacklevel=2,
        )
    return TorchEngine(backbone, device, "float32", 1.0, batch_size, _exactly(backbone.module, device))


def plain(backbone: Backbone) -> TorchEngine:
    """The plain float32 network on the processor, which all others are held against."""
    return TorchEngine(backbone, "cpu", "float32", 1.0, backbone.batch_size, backbone.module)


def compiled(forward: Forward, *, batch_size: int) -> Forward:
    """The same by torch.compile, always run on whole batches: every other length would be compiled once more."""
    fast = torch.compile(forward)

    def run(covers: torch.Tensor) -> torch.Tensor:
        n_missing = batch_size - len(covers)
        features: torch.Tensor = fast(torch.nn.functional.pad(covers, (0, 0, 0, 0, 0, 0, 0, n_missing)))
        return features[: len(covers)]

    return run


def settle_device(device: str) -> str:
    """auto | cpu | cuda -> cpu | cuda."""
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself (AVX-512 BF16 or AMX) rather than emulating it."""
    checks = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return any(check() for check in checks if check is not None)


def _candidates(backbone: Backbone, *, device: str, precision: str) -> tuple[str, ...]:
    if device == "cpu" and precision == "amp":
        raise EngineError("--precision amp is for GPUs, and this runs on the processor; pass auto or bfloat16")
    if device == "cuda":
        return {"auto": ("float16", "bfloat16", "float32"), "amp": ("float16", "bfloat16")}.get(precision, (precision,))
    if precision != "auto":
        return (precision,)
    return ("bfloat16", "float32") if backbone.tolerates_bfloat16 and has_fast_bfloat16() else ("float32",)


def _make_forward(backbone: Backbone, *, device: str, precision: str) -> Forward | None:
    """None where the plain network is the only way."""
    dtype = getattr(torch, precision)
    if device == "cuda":
        module = backbone.module.to(memory_format=torch.channels_last)
        return module if dtype == torch.float32 else _amp(module, dtype)
    fast = backbone.fast(dtype) if backbone.fast else None
    return _bfloat16(backbone.module) if fast is None and precision == "bfloat16" else fast


def _amp(module: torch.nn.Module, dtype: torch.dtype) -> Forward:
    def forward(covers: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cuda", dtype=dtype):
            features: torch.Tensor = module(covers)
        return features

    return forward


def _exactly(module: torch.nn.Module, device: str) -> Forward:
    def forward(covers: torch.Tensor) -> torch.Tensor:
        with _exact(device):
            features: torch.Tensor = module(covers)
        return features

    return module if device == "cpu" else forward


def _exact(device: str) -> AbstractContextManager[None]:
    """Convolutions in float32 that a GPU does not round to TF32."""
    if device == "cpu":
        return nullcontext()
    return torch.backends.cudnn.flags(enabled=True, allow_tf32=False)


def _bfloat16(module: torch.nn.Module) -> Forward:
    low = copy.deepcopy(module).to(torch.bfloat16).to(memory_format=torch.channels_last)

    def forward(covers: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = low(covers.to(torch.bfloat16))
        return features

    return forward


def _run(backbone: Backbone, forward: Forward, covers: np.ndarray, *, device: str) -> np.ndarray:
    with torch.inference_mode():
        pixels = torch.from_numpy(covers)
        if device == "cpu":
            return forward(backbone.transform.normalise(pixels)).float().numpy()
        features = forward(backbone.transform.normalise(pixels.to(device, non_blocking=True))).float()
        host = torch.empty(features.shape, pin_memory=True).copy_(features, non_blocking=True)
        torch.cuda.current_stream().synchronize()
        return host.numpy()


def _stream_of_thread() -> torch.cuda.Stream:
    if not hasattr(_THREAD, "stream"):
        _THREAD.stream = torch.cuda.Stream()
    stream: torch.cuda.Stream = _THREAD.stream
    return stream


_THREAD = threading.local()
