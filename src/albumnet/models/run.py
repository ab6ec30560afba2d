"""A run on disk: weights as safetensors, everything else as JSON, CSV or Parquet; nothing is pickled."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from albumnet.dataset.atomic import read_json, write_json, write_parquet, write_text
from albumnet.dataset.feature_store import FeatureManifest
from albumnet.errors import RunError
from albumnet.models.metadata import MetadataEncoder
from albumnet.records import MoodVocabulary

if TYPE_CHECKING:
    from jaxtyping import Float

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class RunConfig:
    """What a run was trained on and with; enough to use it, and to train it again.

    Attributes:
        model: Name of the model ("1" to "4", "metadata").
        preset: Name of the preset.
        seed: Of weights, order and dropout.
        moods: The model's vocabulary, in column order.
        base_rates: Share of the training albums that carry each mood.
        left_out_moods: Moods with too few training albums -> how many they have.
        min_albums_per_mood: What was too few.
        metadata: The encoder of genre and year.
        backbone: What made the features; None for a model without the cover.
        weights: The backbone's weights file, where it was not the installed one; "" otherwise.
        n_fine_tuned: Blocks of the backbone that were trained; their values are among the run's weights.
        strength: The L2 penalty that was kept.
        embedding_size: E of the word vectors; 0 without.
        vectors_digest: Of the word vectors; "" without.
        albums_digest: Of the albums trained on.
        set_vocabulary: Digest of the set's whole vocabulary.
        sizes: Albums per side.
    """

    model: str
    preset: str
    seed: int
    moods: tuple[str, ...]
    base_rates: tuple[float, ...]
    left_out_moods: Mapping[str, int]
    min_albums_per_mood: int
    metadata: MetadataEncoder
    backbone: FeatureManifest | None
    weights: str
    n_fine_tuned: int
    strength: float
    embedding_size: int
    vectors_digest: str
    albums_digest: str
    set_vocabulary: str
    sizes: Mapping[str, int] = field(default_factory=dict)

    @property
    def vocabulary(self) -> MoodVocabulary:
        """The model's moods."""
        return MoodVocabulary(self.moods)


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
    path = run / "config.json"
    if not path.is_file():
        if (run / "checkpoint.safetensors").is_file():
            raise RunError(f"{run} is a training that was cut off; run its `albumnet train` again with --resume")
        raise RunError(f"{run} is no run (it has no config.json); make one with `albumnet train SET --model 1 --out {run}`")
    content: dict[str, Any] = read_json(path, schema_version=SCHEMA_VERSION)
    content.pop("schema_version")
    digest = content.pop("vocabulary")
    backbone = content.pop("backbone")
    if backbone is not None:
        backbone = FeatureManifest(**{**backbone, "feature_shape": tuple(backbone["feature_shape"])})
    metadata = MetadataEncoder.from_json(content.pop("metadata"))
    lists = {name: tuple(content.pop(name)) for name in ("moods", "base_rates")}
    config = RunConfig(**content, **lists, backbone=backbone, metadata=metadata)
    if config.vocabulary.digest != digest:
        raise RunError(f"{path} lists moods of vocabulary {config.vocabulary.digest} but says {digest}; it was changed by hand")
    return config


def write_history(run: Path, rows: Sequence[Any]) -> None:
    """Write history.csv: one line per epoch."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(asdict(rows[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    write_text(run / "history.csv", text.getvalue())


def write_probabilities(
    path: Path,
    *,
    album_ids: Sequence[str],
    moods: Sequence[str],
    probabilities: Float[np.ndarray, "N M"],
    splits: Sequence[str] | None = None,
    made_from: Mapping[str, str],
) -> None:
    """Write predictions in long form: album_id, mood, probability, rank (1 is the likeliest), and split if given."""
    n_albums, n_moods = probabilities.shape
    order = np.argsort(-probabilities, axis=1, kind="stable")
    mood_column = pa.DictionaryArray.from_arrays(pa.array(order.ravel().astype(np.int32)), pa.array(list(moods), pa.string()))
    columns = {
        "album_id": pa.array(np.repeat(np.array(album_ids, dtype=object), n_moods), pa.string()),
        "mood": mood_column.cast(pa.string()),
        "probability": np.take_along_axis(probabilities, order, axis=1).ravel().astype(np.float32),
        "rank": np.tile(np.arange(1, n_moods + 1, dtype=np.int32), n_albums),
    }
    if splits is not None:
        columns["split"] = pa.array(np.repeat(np.array(splits, dtype=object), n_moods), pa.string())
    write_parquet(path, pa.table(columns), schema_version=SCHEMA_VERSION, made_from=made_from)
