"""A set of 90 albums with synthetic features that follow their moods: all of training without a network."""

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from albumnet.dataset import AlbumSet, FeatureManifest, FeatureStore, write_album_set
from albumnet.dataset.covers import store_cover
from albumnet.features.extraction import make_manifest
from albumnet.models.presets import PRESETS, Preset
from albumnet.moodspace import WordVectors
from albumnet.records import Album, MoodVocabulary
from albumnet.vision.backbones import Backbone
from albumnet.vision.decoding import decode_cover
from albumnet.vision.transform import Transform

MOODS = ("Bleak", "Cheerful", "Energetic", "Laid-Back")
N_ALBUMS = 90
FEATURE_DIM = 12
BACKBONE = "synthetic"


@dataclass(frozen=True)
class World:
    """A written set and the store of its features."""

    album_set: AlbumSet
    store: FeatureStore

    @property
    def sides(self) -> dict[str, list[Album]]:
        splits = self.album_set.splits
        return {s: [a for a in self.album_set.albums if splits[a.album_id] == s] for s in ("train", "valid", "test")}


def write_world(path: Path, *, seed: int = 0, feature_shape: tuple[int, ...] = (FEATURE_DIM,)) -> World:
    rng = np.random.default_rng(seed)
    vocabulary = MoodVocabulary(MOODS)
    albums = []
    for n in range(N_ALBUMS):
        moods = rng.permutation(MOODS)[: rng.integers(1, 4)]
        genre = "Rock" if "Energetic" in moods else "Jazz"
        albums.append(
            Album(
                album_id=f"a{n:03d}",
                artist=f"Artist {n}",
                moods=tuple(str(mood) for mood in moods),
                genres=(genre,) if n % 9 else (),
                year=1970 + 10 * (n % 3) if n % 7 else None,
                cover=f"{n:064x}",
            )
        )
    album_set = write_album_set(path, albums, vocabulary=vocabulary, import_digest="synthetic")
    sides = ("train",) * 4 + ("valid",) + ("test",)
    album_set.write_splits({album.album_id: sides[n % 6] for n, album in enumerate(albums)}, seed=0)
    manifest = FeatureManifest(
        backbone=BACKBONE,
        weights_digest="w" * 16,
        transform_digest="t" * 12,
        feature_shape=feature_shape,
        transform={"channels": "RGB"},
    )
    store = FeatureStore(album_set.features_dir(BACKBONE), manifest)
    mixing = rng.normal(size=(len(MOODS), *feature_shape))
    target = vocabulary.target([album.moods for album in albums]).astype(np.float64)
    noise = 0.3 * rng.normal(size=(N_ALBUMS, *feature_shape))
    store.append([album.cover or "" for album in albums], np.tensordot(target, mixing, axes=1) + noise)
    return World(album_set, store)


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> World:
    return write_world(tmp_path_factory.mktemp("world") / "set")


@pytest.fixture(scope="session")
def vectors() -> WordVectors:
    words = ("bleak", "cheerful", "energetic", "laid-back")
    return WordVectors(words, np.random.default_rng(1).normal(size=(4, 6)).astype(np.float32))


# Two strengths and few epochs; `deep` has every kind of layer, so that resuming has dropout and batch norm to mind.
QUICK = Preset(
    cover_width=None,
    block_widths=(),
    dropout=0.0,
    is_pooled=True,
    cover_scale=0.7,
    smoothings=(0.5,),
    space="decoded",
    strengths=(1e-3, 1e-2),
    learning_rate=1e-2,
    batch_size=16,
    max_epochs=4,
    patience=2,
)
DEEP = Preset(
    cover_width=8,
    block_widths=(8, 8),
    dropout=0.5,
    is_pooled=False,
    cover_scale=None,
    smoothings=(0.0,),
    space="regressed",
    strengths=(0.0, 1e-3),
    learning_rate=1e-2,
    batch_size=16,
    max_epochs=4,
    patience=2,
)


@pytest.fixture(autouse=True)
def quick_presets(monkeypatch):
    monkeypatch.setitem(PRESETS, "quick", QUICK)
    monkeypatch.setitem(PRESETS, "deep", DEEP)


@pytest.fixture(autouse=True)
def one_thread():
    """Layers this narrow only wait for a second thread, and on a busy machine they wait long."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


class TinyNetwork(nn.Module):
    """Normalised covers (B, 3, 16, 16) -> features (B, 6, 4, 4): two blocks with batch norm."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(n_in, n_out, 3, stride=2, padding=1), nn.BatchNorm2d(n_out), nn.ReLU())
            for n_in, n_out in ((3, 4), (4, 6))
        )
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)

    def forward(self, covers: torch.Tensor) -> torch.Tensor:
        for stage in self.stages:
            covers = stage(covers)
        return covers


def tiny_backbone(*, weights_digest: str = "0123456789abcdef", mean: float = 127.5) -> Backbone:
    module = TinyNetwork().eval()
    return Backbone(
        name="tiny",
        module=module,
        transform=Transform(size=16, interpolation="bilinear", channels="RGB", mean=(mean,) * 3, std=(60.0,) * 3),
        feature_shape=(6, 4, 4),
        weights_digest=weights_digest,
        blocks=list(module.stages),
    )


@pytest.fixture
def make_backbone():
    """A network of two blocks, always the same; a stand-in for the pretrained ones, which are tested elsewhere."""
    return tiny_backbone


@pytest.fixture
def installed_backbone(monkeypatch):
    """What `load_backbone` finds here; put another into `["now"]` to change the installed weights."""
    installed = {"now": tiny_backbone}
    monkeypatch.setattr("albumnet.vision.backbones.load_backbone", lambda name, **_: installed["now"]())
    return installed


def draw_cover(n: int) -> bytes:
    """A PNG of one colour with a bar across it."""
    rng = np.random.default_rng(n)
    pixels = np.broadcast_to(rng.integers(0, 256, 3), (24, 24, 3)).astype(np.uint8).copy()
    pixels[8 : 8 + rng.integers(2, 12)] = rng.integers(0, 256, 3)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def covers() -> list[bytes]:
    return [draw_cover(n) for n in range(N_ALBUMS)]


@pytest.fixture(scope="session")
def pictured(tmp_path_factory, covers) -> World:
    """The set again, with real covers and the tiny network's features of them."""
    path = tmp_path_factory.mktemp("pictured") / "set"
    plain = write_world(path)
    splits = plain.album_set.splits
    stored = [
        replace(album, cover=store_cover(path / "covers", cover))
        for album, cover in zip(plain.album_set.albums, covers, strict=True)
    ]
    album_set = write_album_set(path, stored, vocabulary=plain.album_set.vocabulary, import_digest="pictured")
    album_set.write_splits(splits, seed=0)
    backbone = tiny_backbone()
    store = FeatureStore(album_set.features_dir("tiny"), make_manifest(backbone))
    pixels = np.stack([decode_cover(cover, size=16, interpolation="bilinear") for cover in covers])
    with torch.inference_mode():
        features = backbone.module(backbone.transform.normalise(torch.from_numpy(pixels))).numpy()
    store.append([album.cover or "" for album in stored], features)
    return World(album_set, store)
