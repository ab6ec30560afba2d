"""From an album set and its stored features to a trained run: choosing moods, gathering inputs, fitting, saving."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from albumnet.dataset.atomic import replacing
from albumnet.dataset.feature_store import FeatureStore
from albumnet.errors import TrainingError
from albumnet.models.calibration import fit_calibration
from albumnet.models.finetuning import PixelFeatures
from albumnet.models.heads import HeadShape, closeness, pool, pooled_dim
from albumnet.models.losses import top_mood_columns
from albumnet.models.metadata import fit_metadata
from albumnet.models.prediction import MoodModel
from albumnet.models.presets import ModelKind, Preset, get_model, get_preset
from albumnet.models.run import RunConfig, write_config, write_history
from albumnet.models.training import FeatureSource, TrainingData, train_head
from albumnet.moodspace import WordVectors, embed_labels
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import Album, MoodVocabulary

if TYPE_CHECKING:
    from albumnet.models.training import Epoch


@dataclass(frozen=True)
class TrainingOptions:
    """How to train.

    Attributes:
        model: Name of the model.
        preset: Name of the preset.
        seed: Of weights, order and dropout.
        min_albums_per_mood: Moods with fewer training albums are left out.
        moods: Train on exactly these instead; None to go by `min_albums_per_mood`.
        device: auto | cpu | cuda.
        vectors: Word vectors of models 3 and 4.
        weights: Backbone weights file to remember; "" for the installed ones.
        set_vocabulary: Digest of the set's vocabulary, to remember.
        albums_digest: Of the set's albums, to remember.
    """

    model: str
    preset: str = "small"
    seed: int = 0
    min_albums_per_mood: int = 30
    moods: tuple[str, ...] | None = None
    device: str = "auto"
    vectors: WordVectors | None = None
    weights: str = ""
    set_vocabulary: str = ""
    albums_digest: str = ""


@dataclass(frozen=True)
class TrainedModel:
    """A model fresh from training, and how it got there."""

    model: MoodModel
    tensors: dict[str, torch.Tensor]
    history: list[Epoch]


def train_model(
    sides: Mapping[str, Sequence[Album]],
    store: FeatureStore | None,
    *,
    options: TrainingOptions,
    fine_tuned: PixelFeatures | None = None,
    checkpoint: Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> TrainedModel:
    """Train one model on the train side, choosing by the valid side; the test side is not looked at.

    Args:
        sides: Albums of "train" and "valid", each with moods and, for models with the cover, with features.
        store: Of the cover's features; None for a model without the cover.
        options: How.
        fine_tuned: Pixels through an unfrozen backbone in place of `store`'s features.
        checkpoint: Where to keep the state that --resume continues from.
        progress: Called per epoch.

    Raises:
        TrainingError: If no mood has enough albums, or a side is empty.
        WordVectorError: If a mood's word has no vector.
    """
    kind, preset = get_model(options.model), get_preset(options.preset)
    vocabulary, left_out = choose_moods(sides["train"], options)
    train, valid = (
        [album for album in sides[side] if any(mood in vocabulary for mood in album.moods)] for side in ("train", "valid")
    )
    albums = [*train, *valid]
    encoder = fit_metadata(train)
    labels = np.zeros((len(vocabulary), 0), dtype=np.float32)
    vectors = options.vectors if kind.uses_vectors else None
    if vectors is not None:
        labels = embed_labels(vocabulary.names, vectors)
    elif kind.uses_vectors:
        raise TrainingError(f"{kind.title} needs word vectors")
    moods = [album.moods for album in albums]
    data = TrainingData(
        features=_features(kind, preset, store, fine_tuned, albums),
        metadata=torch.from_numpy(encoder.encode_albums(albums)),
        target=torch.from_numpy(vocabulary.target(moods)).float(),
        top_moods=top_mood_columns(torch.from_numpy(vocabulary.relevance(moods))),
        labels=torch.from_numpy(labels),
        train=torch.arange(len(train)),
        valid=torch.arange(len(train), len(albums)),
    )
    manifest = store.manifest if store is not None and kind.uses_cover else None
    shape = HeadShape(
        feature_dim=pooled_dim(manifest.feature_shape, is_pooled=preset.is_pooled) if manifest else 0,
        metadata_dim=encoder.width,
        n_moods=len(vocabulary),
        embedding_size=labels.shape[1],
    )
    base_rates = data.target[data.train].mean(dim=0)
    config = RunConfig(
        model=kind.name,
        preset=options.preset,
        seed=options.seed,
        moods=vocabulary.names,
        base_rates=tuple(base_rates.tolist()),
        left_out_moods=left_out,
        min_albums_per_mood=options.min_albums_per_mood,
        metadata=encoder,
        backbone=manifest,
        weights=options.weights if kind.uses_cover else "",
        n_fine_tuned=fine_tuned.n_blocks if fine_tuned else 0,
        strength=0.0,
        embedding_size=labels.shape[1],
        vectors_digest=vectors.digest if vectors is not None else "",
        albums_digest=options.albums_digest,
        set_vocabulary=options.set_vocabulary,
        sizes={"train": len(train), "valid": len(valid)},
    )
    device = ("cuda" if torch.cuda.is_available() else "cpu") if options.device == "auto" else options.device
    head, history, strength = train_head(
        data,
        kind=kind,
        preset=preset,
        shape=shape,
        seed=options.seed,
        device=device,
        checkpoint=checkpoint,
        identity=_identity(config, albums),
        progress=progress,
    )
    head.cpu()
    tensors = {f"head.{name}": tensor for name, tensor in head.state_dict().items()}
    if fine_tuned is not None:
        tensors |= {f"backbone.{name}": tensor for name, tensor in fine_tuned.tuned_tensors().items()}
    if kind.uses_vectors:
        tensors["labels"] = data.labels
        with torch.no_grad():
            parts = data.valid.split(256)
            near = torch.cat(
                [closeness(head(data.features.rows(p).cpu(), data.metadata[p]), data.labels, kind=kind) for p in parts]
            )
        calibration = fit_calibration(near, data.target[data.valid], base_rates=base_rates)
        tensors |= {f"calibration.{name}": tensor for name, tensor in vars(calibration).items()}
    config = replace(config, strength=strength)
    return TrainedModel(MoodModel(config, tensors, weights=Path(options.weights) if options.weights else None), tensors, history)


def choose_moods(train: Sequence[Album], options: TrainingOptions) -> tuple[MoodVocabulary, dict[str, int]]:
    """The moods to train on, and those with too few training albums -> how many they have.

    Raises:
        TrainingError: If no mood is left.
    """
    counts: dict[str, int] = {}
    for album in train:
        for mood in set(album.moods):
            counts[mood] = counts.get(mood, 0) + 1
    if options.moods is not None:
        return MoodVocabulary(options.moods), {}
    kept = sorted(mood for mood, count in counts.items() if count >= options.min_albums_per_mood)
    if not kept:
        most = max(counts.values(), default=0)
        raise TrainingError(
            f"no mood has {options.min_albums_per_mood} training albums (the commonest of {len(counts)} has {most}, "
            f"of {len(train)} albums); tag more albums, or lower --min-albums-per-mood"
        )
    return MoodVocabulary(tuple(kept)), {mood: n for mood, n in sorted(counts.items()) if mood not in set(kept)}


def save_run(run: Path, trained: TrainedModel) -> None:
    """Write weights, history and, last, the config that makes the folder a run."""
    from safetensors.torch import save_file

    with replacing(run / "model.safetensors") as temporary:
        save_file({name: tensor.contiguous() for name, tensor in trained.tensors.items()}, temporary)
    write_history(run, trained.history)
    write_config(run, trained.model.config)
    (run / "checkpoint.safetensors").unlink(missing_ok=True)


class StoredFeatures:
    """Cached features: pooled ones are held in memory, whole ones are read from disk as they are asked for."""

    def __init__(self, store: FeatureStore, covers: Sequence[str], *, is_pooled: bool) -> None:
        self._store = store
        self._covers = covers
        self._pooled: torch.Tensor | None = None
        if is_pooled:
            parts = [covers[start : start + 1024] for start in range(0, len(covers), 1024)]
            self._pooled = torch.cat([self._read(part, is_pooled=True) for part in parts]) if parts else torch.empty(0)

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        """Features (B, D) of these albums, float32."""
        if self._pooled is not None:
            return self._pooled[indices]
        return self._read([self._covers[n] for n in indices.tolist()], is_pooled=False)

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """None: cached features do not change."""
        return ()

    def _read(self, covers: Sequence[str], *, is_pooled: bool) -> torch.Tensor:
        return pool(torch.from_numpy(self._store.read(covers)).float(), is_pooled=is_pooled)


class _NoFeatures:
    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        return torch.empty(len(indices), 0)

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        return ()


def _features(
    kind: ModelKind, preset: Preset, store: FeatureStore | None, fine_tuned: PixelFeatures | None, albums: Sequence[Album]
) -> FeatureSource:
    if not kind.uses_cover:
        return _NoFeatures()
    covers = [album.cover or "" for album in albums]
    if fine_tuned is not None:
        return fine_tuned.of(covers)
    if store is None:
        raise TrainingError(f"{kind.title} needs the features of a backbone")
    return StoredFeatures(store, covers, is_pooled=preset.is_pooled)


def _identity(config: RunConfig, albums: Sequence[Album]) -> str:
    """Changes whenever continuing from a checkpoint would not be continuing the same training."""
    preset = get_preset(config.preset)
    named = [config.model, config.moods, config.seed, config.vectors_digest, config.n_fine_tuned, str(preset)]
    backbone = config.backbone.digest if config.backbone else ""
    content = json.dumps([*named, backbone, [[a.album_id, a.cover, a.moods, a.genres, a.year] for a in albums]])
    return hashlib.sha256(content.encode()).hexdigest()[:16]
