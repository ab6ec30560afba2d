"""From an album set and its stored features to a trained run: choosing moods, gathering inputs, fitting, saving."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from albumnet.dataset.feature_store import FeatureStore
from albumnet.errors import TrainingError
from albumnet.models.calibration import (
    TRUST_IN_BASE_RATES,
    ClosenessCalibration,
    fit_calibration,
    start_from_base_rates,
)
from albumnet.models.heads import HeadShape, MoodHead, closeness
from albumnet.models.metadata import fit_metadata
from albumnet.models.mood_sets import MoodSets, fit_mood_sets
from albumnet.models.plain_head import pooled_dim
from albumnet.models.prediction import MoodModel
from albumnet.models.presets import ModelKind, Preset, get_model, get_preset
from albumnet.models.run import Epoch, RunConfig, write_config, write_history, write_weights
from albumnet.moodspace import WordVectors, embed_labels
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import Album, MoodVocabulary
from albumnet.training.data import EVALUATION_BATCH, TrainingData
from albumnet.training.decoding import DECODED_FROM, decode_head
from albumnet.training.feature_sources import FeatureSource, NoFeatures, StoredFeatures
from albumnet.training.finetuning import PixelFeatures
from albumnet.training.loop import train_head
from albumnet.training.losses import top_mood_columns


@dataclass(frozen=True)
class TrainingOptions:
    """How to train.

    Attributes:
        model: Name of the model.
        preset: Name of the preset.
        space: "regressed" or "decoded", for models 3 and 4; "" for what the preset says.
        seed: Of weights, order and dropout.
        min_albums_per_mood: Moods with fewer training albums are left out.
        moods: Train on exactly these instead; None to go by `min_albums_per_mood`.
        device: auto | cpu | cuda.
        precision: auto | float32 | bfloat16, of the hidden layers' products.
        vectors: Word vectors of models 3 and 4.
        vectors_file: Where those came from, to remember; "" for the packaged ones.
        weights: Backbone weights file to remember; "" for the installed ones.
        album_set: Folder of the set, to remember.
        set_vocabulary: Digest of the set's vocabulary, to remember.
        albums_digest: Of the set's albums, to remember.
    """

    model: str
    preset: str = "small"
    space: str = ""
    seed: int = 0
    min_albums_per_mood: int = 30
    moods: tuple[str, ...] | None = None
    device: str = "auto"
    precision: str = "auto"
    vectors: WordVectors | None = None
    vectors_file: str = ""
    weights: str = ""
    album_set: str = ""
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
        TrainingError: If no mood has enough albums, a side is empty, or there is no such device.
        RunError: If the checkpoint belongs to other data or options.
        WordVectorError: If a mood's word has no vector.
    """
    kind, preset = get_model(options.model), get_preset(options.preset)
    space = _space(kind, preset, options)
    device = choose_device(options.device)
    vocabulary, left_out = choose_moods(sides["train"], options)
    train, valid = (
        [album for album in sides[side] if any(mood in vocabulary for mood in album.moods)]
        for side in ("train", "valid")
    )
    albums = [*train, *valid]
    encoder = fit_metadata(train)
    vectors = _vectors(kind, options)
    labels = np.zeros((len(vocabulary), 0), np.float32) if vectors is None else embed_labels(vocabulary.names, vectors)
    moods = [album.moods for album in albums]
    data = TrainingData(
        features=_features(kind, preset, store, fine_tuned, albums, device=device),
        metadata=torch.from_numpy(encoder.encode_albums(albums)),
        target=torch.from_numpy(vocabulary.target(moods)).float(),
        top_moods=top_mood_columns(torch.from_numpy(vocabulary.relevance(moods))),
        labels=torch.from_numpy(labels),
        train=torch.arange(len(train)),
        valid=torch.arange(len(train), len(albums)),
    )
    manifest = store.manifest if store is not None and kind.uses_cover else None
    config = RunConfig(
        model=kind.name,
        preset=options.preset,
        space=space,
        seed=options.seed,
        moods=vocabulary.names,
        base_rates=tuple(data.target[data.train].mean(dim=0).tolist()),
        left_out_moods=left_out,
        min_albums_per_mood=options.min_albums_per_mood,
        metadata=encoder,
        backbone=manifest,
        weights=options.weights if kind.uses_cover else "",
        n_fine_tuned=fine_tuned.n_blocks if fine_tuned else 0,
        smoothing=0.0,
        strength=0.0,
        embedding_size=labels.shape[1],
        vectors=options.vectors_file if vectors is not None else "",
        vectors_digest=vectors.digest if vectors is not None else "",
        album_set=options.album_set,
        albums_digest=options.albums_digest,
        set_vocabulary=options.set_vocabulary,
        sizes={"train": len(train), "valid": len(valid)},
    )
    shape = HeadShape(
        feature_dim=pooled_dim(manifest.feature_shape, is_pooled=preset.is_pooled) if manifest else 0,
        metadata_dim=encoder.width,
        n_moods=len(vocabulary),
        embedding_size=labels.shape[1],
    )
    head, history, kept = train_head(
        data,
        kind=replace(kind, output=DECODED_FROM[kind.output]) if space == "decoded" else kind,
        preset=preset,
        shape=shape,
        seed=options.seed,
        device=device,
        precision=options.precision,
        checkpoint=checkpoint,
        identity=_identity(config, albums),
        progress=progress,
    )
    head, start = head.cpu(), _logits_as_they_are(head)
    if space == "decoded":
        head, start = decode_head(head, kind=kind, preset=preset, labels=data.labels)
    calibration, mood_sets = _calibrate(head, data, start=start, space=space)
    tensors = {f"head.{name}": tensor for name, tensor in head.state_dict().items()}
    if fine_tuned is not None:
        tensors |= {f"backbone.{name}": tensor for name, tensor in fine_tuned.tuned_tensors().items()}
    if kind.uses_vectors:
        tensors["labels"] = data.labels
    tensors |= {f"calibration.{name}": tensor for name, tensor in vars(calibration).items()}
    config = replace(config, smoothing=kept.smoothing, strength=kept.strength, mood_sets=mood_sets)
    weights = Path(options.weights) if options.weights else None
    arrays = {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}
    return TrainedModel(MoodModel(config, arrays, weights=weights), tensors, history)


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
    config = trained.model.config
    made_from = {"vocabulary": config.vocabulary.digest, "model": config.model, "preset": config.preset}
    made_from |= {"albums": config.albums_digest}
    write_weights(run / "model.safetensors", trained.tensors, made_from=made_from)
    write_history(run, trained.history)
    write_config(run, config)
    (run / "checkpoint.safetensors").unlink(missing_ok=True)


def _features(
    kind: ModelKind,
    preset: Preset,
    store: FeatureStore | None,
    fine_tuned: PixelFeatures | None,
    albums: Sequence[Album],
    *,
    device: str,
) -> FeatureSource:
    if not kind.uses_cover:
        return NoFeatures()
    covers = [album.cover or "" for album in albums]
    if fine_tuned is not None:
        return fine_tuned.of(covers)
    if store is None:
        raise TrainingError(f"{kind.title} needs the features of a backbone")
    return StoredFeatures(store, covers, is_pooled=preset.is_pooled, device=device)


def _space(kind: ModelKind, preset: Preset, options: TrainingOptions) -> str:
    if not kind.uses_vectors:
        return ""
    return options.space or preset.space


def _vectors(kind: ModelKind, options: TrainingOptions) -> WordVectors | None:
    if not kind.uses_vectors:
        return None
    if options.vectors is None:
        raise TrainingError(f"{kind.title} is trained on word vectors, but none were given")
    return options.vectors


def _logits_as_they_are(head: MoodHead) -> ClosenessCalibration | None:
    """The calibration that changes nothing, around each mood's bias; None for heads that give vectors."""
    if not head.kind.gives_logits:
        return None
    bias = head.output.bias.detach().cpu()
    return ClosenessCalibration(slope=torch.ones(()), centre=bias.clone(), offset=bias.clone())


def _calibrate(
    head: MoodHead, data: TrainingData, *, start: ClosenessCalibration | None, space: str
) -> tuple[ClosenessCalibration, MoodSets | None]:
    """From the validation side, which the head was not fitted to."""
    near = []
    with torch.no_grad():
        for rows in data.valid.split(EVALUATION_BATCH):
            raw = head(data.features.rows(rows).cpu(), data.metadata[rows])
            is_logits = head.kind.gives_logits
            near.append(raw if is_logits else closeness(raw, data.labels, kind=head.kind, space=space))
    base_rates, target = data.target[data.train].mean(dim=0), data.target[data.valid]
    known = torch.cat(near)
    calibration = fit_calibration(
        known,
        target,
        start=start or start_from_base_rates(known, base_rates),
        # Logits were fitted to every training album; on fewer, a mood's shift would be noise.
        trust=TRUST_IN_BASE_RATES if start is None else len(data.train),
        is_slope_known=start is not None,
    )
    probabilities = torch.sigmoid(calibration.logits(known))
    return calibration, fit_mood_sets(
        probabilities.numpy(), target.numpy().astype(np.uint8), base_rates=base_rates.numpy()
    )


def choose_device(name: str) -> str:
    """Cpu or cuda for auto, cpu or cuda.

    Raises:
        TrainingError: If there is no such device here.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError("--device cuda: PyTorch finds no CUDA device here; use auto or cpu")
    return name


def _identity(config: RunConfig, albums: Sequence[Album]) -> str:
    """Changes whenever continuing from a checkpoint would not be continuing the same training."""
    preset = get_preset(config.preset)
    named = [
        config.model,
        config.space,
        config.moods,
        config.seed,
        config.vectors_digest,
        config.n_fine_tuned,
        str(preset),
    ]
    backbone = config.backbone.digest if config.backbone else ""
    content = json.dumps(
        [*named, backbone, dict(config.sizes), [[a.album_id, a.cover, a.moods, a.genres, a.year] for a in albums]]
    )
    return hashlib.sha256(content.encode()).hexdigest()[:16]
