"""What every backbone is: a network, the transform of its input, and a fast way to run it on a processor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from albumnet.errors import WeightsError
from albumnet.vision.networks.weight_files import digest_weights
from albumnet.vision.transform import Transform

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float

    # Normalised covers (B, 3, H, W) -> features (B, *feature_shape).
    Forward = Callable[[Float[torch.Tensor, "B 3 H W"]], Float[torch.Tensor, "B ..."]]


@dataclass(frozen=True)
class GridSplit:
    """A network cut where its layers still lie over the cover: features = pool(module, grids(module, covers)).

    Attributes:
        grids: The module and normalised covers (B, 3, H, W) -> grids (B, C_k, h_k, w_k) that the features are made of.
        pool: The module and those grids -> features (B, *feature_shape).
        n_carried: How many of the last grids lie over no place of the cover and are only carried along.
    """

    grids: Callable[[Any, torch.Tensor], Sequence[torch.Tensor]]
    pool: Callable[[Any, Sequence[torch.Tensor]], torch.Tensor]
    n_carried: int = 0


@dataclass(frozen=True)
class Backbone:
    """A pretrained network without its classifier.

    Attributes:
        name: As `load_backbone` takes it.
        module: Normalised covers (B, 3, H, W) -> features (B, *feature_shape), float32, in eval mode.
        transform: What `module` expects its input to be.
        feature_shape: (D,) of pooled or (D, h, w) of spatial features.
        weights_digest: 16 hex digits of the weights.
        blocks: The parts of `module` in order, as fine-tuning unfreezes them from the end.
        fast: Makes a forward for processors, in a dtype, that gives the same features sooner; None where there is none.
        tolerates_bfloat16: Whether its features survive bfloat16 (cosine >= 0.999 on real covers, as measured).
        batch_size: Covers per forward at which the network is fastest on a processor, as measured.
        weights: Path of the weights file that was given; "" for those that come with the backbone.
        split: The network cut into grids and what pools them; None where it has no grids.
        has_gradients: Whether features tell how they would change with every pixel.
    """

    name: str
    module: torch.nn.Module
    transform: Transform
    feature_shape: tuple[int, ...]
    weights_digest: str
    blocks: Sequence[torch.nn.Module] = field(repr=False)
    fast: Callable[[torch.dtype], Forward | None] | None = field(default=None, repr=False)
    tolerates_bfloat16: bool = True
    batch_size: int = 16
    weights: str = ""
    split: GridSplit | None = field(default=None, repr=False)
    has_gradients: bool = True


def read_weights(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str], str]:
    """Tensors, metadata and digest of a safetensors file.

    Raises:
        WeightsError: If the file is missing or no safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"{path} does not exist; --weights takes a safetensors file")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118  not a mapping
            metadata = dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is not a safetensors file: {error}; convert the weights to safetensors") from error
    return tensors, metadata, digest_weights(path)
