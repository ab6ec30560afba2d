"""Models with random heads upon real backbones: enough to explain, without training."""

import numpy as np
import torch
from PIL import Image

from albumnet.features.extraction import make_manifest
from albumnet.models.heads import HeadShape, MoodHead
from albumnet.models.metadata import fit_metadata
from albumnet.models.plain_head import pooled_dim
from albumnet.models.prediction import MoodModel
from albumnet.models.presets import get_model, get_preset
from albumnet.models.run import RunConfig, write_config, write_weights
from albumnet.records import Album
from albumnet.vision.backbones import load_backbone

MOODS = ("Bleak", "Cheerful", "Energetic", "Playful")
E = 6


def make_model(kind="1", *, preset="small", space="", backbone=None, seed=0):
    """A model of any kind; `backbone` is efficientnet_lite0 unless given."""
    model, chosen = get_model(kind), get_preset(preset)
    backbone = backbone or load_backbone("efficientnet_lite0")
    albums = [Album(album_id=f"a{n}", genres=(("Rock", "Jazz")[n % 2],), year=1960 + n) for n in range(20)]
    encoder = fit_metadata(albums)
    embedding_size = E if model.uses_vectors else 0
    manifest = make_manifest(backbone) if model.uses_cover else None
    dim = pooled_dim(backbone.feature_shape, is_pooled=chosen.is_pooled) if model.uses_cover else 0
    torch.manual_seed(seed)
    head = MoodHead(model, chosen, HeadShape(dim, encoder.width, len(MOODS), embedding_size))
    tensors = {f"head.{name}": tensor for name, tensor in head.state_dict().items()}
    if model.uses_cover and chosen.cover_scale is not None:
        tensors["head.feature_mean"] = torch.full_like(tensors["head.feature_mean"], 0.3)
    tensors |= {
        "calibration.slope": torch.tensor(1.5),
        "calibration.centre": torch.zeros(len(MOODS)),
        "calibration.offset": torch.linspace(-1, 0, len(MOODS)),
    }
    if model.uses_vectors:
        tensors["labels"] = torch.nn.functional.normalize(torch.randn(len(MOODS), E), dim=1)
    config = RunConfig(
        model=kind, preset=preset, space=space, seed=0, moods=MOODS, base_rates=(0.25,) * len(MOODS),
        left_out_moods={}, min_albums_per_mood=1, metadata=encoder, backbone=manifest, weights=backbone.weights,
        n_fine_tuned=0, smoothing=0.0, strength=0.0, embedding_size=embedding_size, vectors="", vectors_digest="",
        album_set="", albums_digest="", set_vocabulary="",
    )  # fmt: skip
    made = MoodModel(config, {name: tensor.detach().numpy() for name, tensor in tensors.items()})
    made.__dict__["backbone"] = backbone
    return made


def save_model(model, path):
    """Write a model as a run."""
    config = model.config
    made_from = {"vocabulary": config.vocabulary.digest, "model": config.model, "preset": config.preset}
    write_weights(
        path / "model.safetensors", {n: torch.from_numpy(a) for n, a in model.arrays.items()}, made_from=made_from
    )
    write_config(path, config)
    return path


def size_of(path):
    """Width and height of a picture file."""
    with Image.open(path) as picture:
        return picture.size


def direction_of(mood):
    direction = torch.zeros(len(MOODS))
    direction[MOODS.index(mood)] = 1.0
    return direction


def make_pixels(*, side=224, seed=0):
    """A cover with a bright square on a soft ground, (side, side, 3)."""
    rng = np.random.default_rng(seed)
    down, across = np.meshgrid(np.linspace(40, 160, side), np.linspace(40, 160, side), indexing="ij")
    pixels = np.stack([down, across, np.full((side, side), 90.0)], axis=2)
    pixels += rng.normal(scale=6, size=pixels.shape)
    pixels[side // 4 : side // 2, side // 4 : side // 2] = (230, 60, 40)
    return pixels.clip(0, 255).astype(np.uint8)
