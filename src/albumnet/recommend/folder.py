"""A fitted recommender on disk: who liked what, what is known of the albums, and the factors; nothing is pickled.

`config.json` comes last: a folder without it is a fitting that was cut off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from albumnet.dataset.atomic import read_json, read_parquet, write_json, write_parquet, write_tensors
from albumnet.errors import RecommendError
from albumnet.recommend.interactions import Interactions, ReadingReport
from albumnet.recommend.recommenders.hybrid import HybridOptions
from albumnet.recommend.recommenders.implicit_models import AlsOptions

if TYPE_CHECKING:
    from jaxtyping import Float

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class RecConfig:
    """What a recommender was fitted to and with.

    Attributes:
        ratings: Name of the table.
        liked: From which rating on an album counts as liked; None for plays.
        album_set: Folder of the album set.
        albums_digest: Of its albums.
        model: Folder of the mood model.
        model_vocabulary: Digest of its moods.
        moods: Its moods, in the order of the block "moods".
        vectors: The word vectors' file of the model, where it was not the packaged one; "" otherwise.
        backbone: Whose features are the look; "" for a model without the cover.
        als: As chosen.
        hybrid: As chosen.
        extra_weight: Of look and moods against genre and year, as chosen.
        base, extra: Names of the blocks of content that the hybrid is made of.
        n_users, n_likes: What was learned from.
        seed: Of all that was drawn.
        tensors_digest: Of the factors and the content, which belong to this config.
        counts: What became of the table's rows.
    """

    ratings: str
    liked: float | None
    album_set: str
    albums_digest: str
    model: str
    model_vocabulary: str
    moods: tuple[str, ...]
    vectors: str
    backbone: str
    als: AlsOptions
    hybrid: HybridOptions
    extra_weight: float
    base: tuple[str, ...]
    extra: tuple[str, ...]
    n_users: int
    n_likes: int
    seed: int
    tensors_digest: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class FittedFolder:
    """All that a fitted recommender is.

    Attributes:
        config: What it was fitted to and with.
        interactions: Who liked what.
        names: (artist, title) of each album.
        blocks: Name -> (N, ·) content.
        factors: "user" (U, F) and "item" (N, F), own factors of ALS.
    """

    config: RecConfig
    interactions: Interactions
    names: tuple[tuple[str, str], ...]
    blocks: Mapping[str, Float[np.ndarray, "N D"]]
    factors: Mapping[str, Float[np.ndarray, "X F"]]


def write_folder(out: Path, fitted: FittedFolder, *, report: ReadingReport) -> RecConfig:
    """Write a fitted recommender, config last; what was made from an earlier one goes first."""
    for name in ("config.json", "evaluation.json", "crossfitted.safetensors"):
        (out / name).unlink(missing_ok=True)
    made_from = {"albums": fitted.config.albums_digest, "vocabulary": fitted.config.model_vocabulary}
    interactions = fitted.interactions
    tables = {
        "users": {"user": pa.array(interactions.users, pa.string())},
        "albums": {
            "album_id": pa.array(interactions.album_ids, pa.string()),
            "artist": pa.array([artist for artist, _ in fitted.names], pa.string()),
            "title": pa.array([title for _, title in fitted.names], pa.string()),
            "n_listeners": np.bincount(
                interactions.album[interactions.is_liked], minlength=len(interactions.album_ids)
            ).astype(np.int32),
        },
        "interactions": {
            "user": interactions.user,
            "album": interactions.album,
            "value": interactions.value,
            "is_liked": interactions.is_liked,
        },
        "unmatched": {
            "album_id": pa.array([key[0] for key in report.unmatched], pa.string()),
            "artist": pa.array([key[1] for key in report.unmatched], pa.string()),
            "title": pa.array([key[2] for key in report.unmatched], pa.string()),
            "n_rows": pa.array(list(report.unmatched.values()), pa.int64()),
        },
    }
    for name, columns in tables.items():
        write_parquet(out / f"{name}.parquet", pa.table(columns), schema_version=SCHEMA_VERSION, made_from=made_from)
    digest = _digest({**fitted.blocks, **fitted.factors})
    metadata = {"schema_version": str(SCHEMA_VERSION), "tensors": digest, **made_from}
    write_tensors(out / "content.safetensors", fitted.blocks, metadata=metadata)
    write_tensors(out / "factors.safetensors", fitted.factors, metadata=metadata)
    config = replace(fitted.config, tensors_digest=digest)
    write_json(out / "config.json", asdict(config), schema_version=SCHEMA_VERSION)
    return config


def read_folder(path: Path) -> FittedFolder:
    """Read what `write_folder` wrote.

    Raises:
        RecommendError: If the folder is no fitted recommender, or its files do not belong together.
        SchemaVersionError: If another version wrote it.
    """
    config = read_config(path)
    tables = {}
    for name in ("users", "albums", "interactions"):
        if not (path / f"{name}.parquet").is_file():
            raise RecommendError(f"{path} lacks {name}.parquet; run its `albumnet recommend fit` again with --force")
        tables[name], made_from = read_parquet(path / f"{name}.parquet", schema_version=SCHEMA_VERSION)
        if made_from.get("albums") != config.albums_digest:
            raise RecommendError(
                f"{path / name}.parquet is of albums {made_from.get('albums')}, config.json of {config.albums_digest}; "
                "run `albumnet recommend fit` again with --force"
            )
    between = {name: tables["interactions"][name].to_numpy() for name in ("user", "album", "value", "is_liked")}
    interactions = Interactions(
        users=tuple(tables["users"]["user"].to_pylist()),
        album_ids=tuple(tables["albums"]["album_id"].to_pylist()),
        **between,
        is_explicit=config.liked is not None,
    )
    names = zip(tables["albums"]["artist"].to_pylist(), tables["albums"]["title"].to_pylist(), strict=True)
    blocks = read_tensors(path / "content.safetensors", digest=config.tensors_digest)
    factors = read_tensors(path / "factors.safetensors", digest=config.tensors_digest)
    return FittedFolder(config, interactions, tuple(names), blocks, factors)


def read_config(path: Path) -> RecConfig:
    """Read a fitted recommender's config.

    Raises:
        RecommendError: If the folder is none.
        SchemaVersionError: If another version wrote it.
    """
    file = path / "config.json"
    if not file.is_file():
        raise RecommendError(
            f"{path} is no fitted recommender (it has no config.json); make one with "
            f"`albumnet recommend fit RATINGS --set SET --model RUN --out {path}`"
        )
    content: dict[str, Any] = read_json(file, schema_version=SCHEMA_VERSION)
    content.pop("schema_version")
    try:
        return RecConfig(
            **{
                **content,
                "als": AlsOptions(**content["als"]),
                "hybrid": HybridOptions(**content["hybrid"]),
                **{key: tuple(content[key]) for key in ("moods", "base", "extra")},
            }
        )
    except (KeyError, TypeError) as error:
        raise RecommendError(f"{file} is not what `albumnet recommend fit` writes ({error}); fit again") from error


def read_tensors(path: Path, *, digest: str) -> dict[str, np.ndarray]:
    """Named arrays that were written with a config of this digest.

    Raises:
        RecommendError: If the file is missing, broken, or was written with another config.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            found = (file.metadata() or {}).get("tensors")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a mapping
    except (OSError, SafetensorError) as error:
        raise RecommendError(f"cannot read {path}: {error}; run `albumnet recommend fit` again") from error
    if found != digest:
        raise RecommendError(f"{path} was written with tensors {found}, config.json says {digest}; fit again")
    return tensors


def _digest(tensors: Mapping[str, np.ndarray]) -> str:
    hasher = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        hasher.update(f"{name}{tensor.shape}".encode())
        hasher.update(np.ascontiguousarray(tensor).tobytes())
    return hasher.hexdigest()[:16]
