"""A run on disk: weights as safetensors, everything else as JSON, CSV or Parquet; nothing is pickled."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from albumnet.dataset.addresses import fetched, open_address, read_bytes
from albumnet.dataset.atomic import read_json, replacing, sort_header, write_json, write_text
from albumnet.dataset.feature_store import FeatureManifest
from albumnet.errors import RunError
from albumnet.models.metadata import MetadataEncoder
from albumnet.models.mood_sets import MoodSets
from albumnet.records import MoodVocabulary

if TYPE_CHECKING:
    import numpy as np
    import torch

SCHEMA_VERSION = 3

# The model that comes with the package, by name.
STARTER = "starter"
_STARTER_DIR = Path(__file__).parent / "data" / STARTER
_PARTS_FILE = "parts.json"


@dataclass(frozen=True)
class RunConfig:
    """What a run was trained on and with; enough to use it, and to train it again.

    Attributes:
        model: Name of the model ("1" to "4", "metadata").
        preset: Name of the preset.
        space: "regressed" or "decoded" for models that answer in the mood space; "" for the others.
        seed: Of weights, order and dropout.
        moods: The model's vocabulary, in column order.
        base_rates: Share of the training albums that carry each mood.
        left_out_moods: Moods with too few training albums -> how many they have.
        min_albums_per_mood: What was too few.
        metadata: The encoder of genre and year.
        backbone: What made the features; None for a model without the cover.
        weights: The backbone's weights file, where it was not the installed one; "" otherwise.
        n_fine_tuned: Blocks of the backbone that were trained; their values are among the run's weights.
        smoothing: How much moods learned from those they occur with, as was kept.
        strength: The L2 penalty that was kept.
        embedding_size: E of the word vectors; 0 without.
        vectors: The word vectors' file, where it was not the packaged one; "" otherwise.
        vectors_digest: Of the word vectors; "" without.
        album_set: Folder of the album set trained on.
        albums_digest: Of the albums trained on.
        set_vocabulary: Digest of the set's whole vocabulary.
        mood_sets: How to choose sets of moods with a stated coverage; None where too few albums could promise one.
        sizes: Albums per side.
    """

    model: str
    preset: str
    space: str
    seed: int
    moods: tuple[str, ...]
    base_rates: tuple[float, ...]
    left_out_moods: Mapping[str, int]
    min_albums_per_mood: int
    metadata: MetadataEncoder
    backbone: FeatureManifest | None
    weights: str
    n_fine_tuned: int
    smoothing: float
    strength: float
    embedding_size: int
    vectors: str
    vectors_digest: str
    album_set: str
    albums_digest: str
    set_vocabulary: str
    mood_sets: MoodSets | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)

    @property
    def vocabulary(self) -> MoodVocabulary:
        """The model's moods."""
        return MoodVocabulary(self.moods)


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the history: mean losses per album, penalty left out."""

    smoothing: float
    strength: float
    epoch: int
    train_loss: float
    valid_loss: float
    seconds: float


def find_run(run: Path | str) -> Path:
    """A run's folder; "starter" is the packaged one, unless a run of that name lies here."""
    run = open_address(run)
    return _STARTER_DIR if str(run) == STARTER and not (run / "config.json").is_file() else run


def parts_file(run: Path) -> Path:
    """The file of a run that has heads for less than all that can be known of an album: `models.parts`."""
    return run / _PARTS_FILE


def write_config(run: Path, config: RunConfig) -> None:
    """Write config.json; it comes last, so that a folder with one is a finished run."""
    content = asdict(config)
    write_json(run / "config.json", {"vocabulary": config.vocabulary.digest, **content}, schema_version=SCHEMA_VERSION)


def read_config(run: Path) -> RunConfig:
    """Read a finished run's config.

    Raises:
        RunError: If the folder is no finished run.
        SchemaVersionError: If another version wrote it.
    """
    run = find_run(run)
    path = run / "config.json"
    if not path.is_file():
        if (run / "checkpoint.safetensors").is_file():
            raise RunError(f"{run} is a training that was cut off; run its `albumnet train` again with --resume")
        raise RunError(
            f"{run} is no run (it has no config.json); make one with `albumnet train SET --model 1 --out {run}`"
        )
    content: dict[str, Any] = read_json(path, schema_version=SCHEMA_VERSION)
    try:
        config = _parse_config(content)
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path} is not what `albumnet train` writes ({error}); train the model again") from error
    if config.vocabulary.digest != content["vocabulary"]:
        raise RunError(
            f"{path} lists moods of vocabulary {config.vocabulary.digest} but says {content['vocabulary']}; "
            "it was changed by hand, train the model again"
        )
    return config


def write_weights(path: Path, tensors: Mapping[str, torch.Tensor], *, made_from: Mapping[str, str]) -> None:
    """Write named tensors as safetensors that say what they were made from, or nothing.

    Raises:
        OSError: If the disk is full.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    metadata = {"schema_version": str(SCHEMA_VERSION), **made_from}
    try:
        with replacing(path) as temporary:
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary, metadata)
            sort_header(temporary)
            # The library makes files that only their owner can read; a run is there to be shared.
            temporary.chmod(0o666 & ~_umask())
    except SafetensorError as error:
        # The library wraps what the system said; the command line wants to know a full disk when it sees one.
        number = re.search(r"os error (\d+)", str(error))
        raise OSError(int(number[1]) if number else 0, str(error), str(path)) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_weights(run: Path, config: RunConfig) -> dict[str, np.ndarray]:
    """The arrays of a run.

    Raises:
        RunError: If the file is missing, broken, or was written with another config.
    """
    from safetensors import SafetensorError, safe_open

    path = run / "model.safetensors"
    try:
        with fetched(path) as local, safe_open(local, framework="np") as file:
            made_from = file.metadata() or {}
            arrays = {name: _as_float32(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118  not a mapping
    except (OSError, SafetensorError) as error:
        raise RunError(f"cannot read {path}: {error}; train the model again") from error
    for what, found, wanted in (
        ("schema version", made_from.get("schema_version"), str(SCHEMA_VERSION)),
        ("vocabulary", made_from.get("vocabulary"), config.vocabulary.digest),
        ("model", made_from.get("model"), config.model),
        ("preset", made_from.get("preset"), config.preset),
    ):
        if found != wanted:
            raise RunError(f"{path} has {what} {found} but config.json beside it {wanted}; train the model again")
    return arrays


def _as_float32(array: np.ndarray) -> np.ndarray:
    """Of weights that were stored in half their size."""
    return array.astype("float32") if array.dtype == "float16" else array


def digest_run(run: Path) -> str:
    """16 hex digits of a finished run's weights and config."""
    hasher = hashlib.sha256()
    for name in ("model.safetensors", "config.json"):
        with fetched(run / name) as local, local.open("rb") as file:
            hasher.update(hashlib.file_digest(file, "sha256").digest())
    return hasher.hexdigest()[:16]


def write_history(run: Path, history: Sequence[Epoch]) -> None:
    """Write history.csv: one line per epoch."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=[column.name for column in fields(Epoch)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    write_text(run / "history.csv", text.getvalue())


def read_history(run: Path) -> tuple[Epoch, ...]:
    """Read history.csv.

    Raises:
        RunError: If it is missing, broken or empty.
    """
    path = run / "history.csv"
    try:
        history = tuple(
            Epoch(
                smoothing=float(line["smoothing"]),
                strength=float(line["strength"]),
                epoch=int(line["epoch"]),
                train_loss=float(line["train_loss"]),
                valid_loss=float(line["valid_loss"]),
                seconds=float(line["seconds"]),
            )
            for line in csv.DictReader(read_bytes(path).decode("utf-8").splitlines(), strict=True)
        )
    except (OSError, csv.Error, KeyError, TypeError, ValueError) as error:
        raise RunError(f"cannot read {path}: {error}; train the model again") from error
    if not history:
        raise RunError(f"{path} holds no epoch; train the model again")
    return history


def _parse_config(content: Mapping[str, Any]) -> RunConfig:
    backbone = content["backbone"]
    if backbone is not None:
        backbone = FeatureManifest(**{**backbone, "feature_shape": tuple(backbone["feature_shape"])})
    parsed = {
        "moods": tuple(content["moods"]),
        "base_rates": tuple(content["base_rates"]),
        "metadata": MetadataEncoder.from_json(content["metadata"]),
        "backbone": backbone,
        "mood_sets": MoodSets(**content["mood_sets"]) if content["mood_sets"] else None,
    }
    others = {key: value for key, value in content.items() if key not in ("schema_version", "vocabulary")}
    return RunConfig(**{**others, **parsed})
