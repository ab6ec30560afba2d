"""Weights from the Hugging Face hub, kept in its cache; the only place that opens the network for them."""

from __future__ import annotations

import os
from pathlib import Path

from albumnet.errors import WeightsError


def fetch_timm_weights(model: str) -> Path:
    """The safetensors file of a timm model (`vgg16.tv_in1k`), downloaded once.

    The hub's address can be changed with HF_ENDPOINT, its cache with HF_HOME, as for every program that uses it.

    Raises:
        WeightsError: If the hub cannot be reached and the file is not in the cache, or there is no such model.
    """
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(f"timm/{model}", "model.safetensors", endpoint=os.environ.get("HF_ENDPOINT")))
    except Exception as error:  # network libraries raise many kinds, all of which mean: no file
        raise WeightsError(
            f"cannot get timm/{model} from the hub ({type(error).__name__}: {str(error).splitlines()[0]}); "
            "check the connection, or give a safetensors file with --weights"
        ) from error
