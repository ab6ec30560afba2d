"""A map of albums on disk and in use: where they lie, what was laid out, and where a new one goes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from albumnet.dataset.atomic import read_json, read_parquet, write_json, write_parquet, write_tensors
from albumnet.errors import MapError
from albumnet.moodmap.basis import Basis
from albumnet.moodmap.landscape import MoodPlace
from albumnet.moodmap.layout import Layout
from albumnet.moodmap.neighbours import search
from albumnet.moodmap.placing import place_among

if TYPE_CHECKING:
    from jaxtyping import Float, Int

SCHEMA_VERSION = 1
MAP_FILES = ("config.json", "layout.parquet", "moods.parquet", "vectors.safetensors", "atlas.parquet")

_LAYOUT = pa.schema({"album_id": pa.string(), "x": pa.float32(), "y": pa.float32()})
_MOODS = pa.schema(
    {"name": pa.string(), "x": pa.float32(), "y": pa.float32(), "n_albums": pa.int64(), "weight": pa.float64()}
)


@dataclass(frozen=True)
class MapConfig:
    """What a map was made of and how well it keeps neighbours.

    Attributes:
        albums: Digest of the album set's albums.
        run: Digest of the run's config.json.
        of: What was laid out: "moods" or "features".
        seed: Of what was drawn at random.
        perplexity: As asked for.
        used_perplexity: As used; less where there are few albums.
        unit: The length on the map that was 1 in t-SNE.
        n_albums: N.
        embedding_size: E of the vectors.
        left_out: Albums of the set that are not on the map, for want of a usable cover.
        trustworthiness: In [0, 1]: 1 where no album lies near one that it is not near to.
        neighbour_preservation: Mean share of an album's `n_neighbours` nearest that are its nearest on the map too.
        n_neighbours: k of the two.
        n_sampled: Albums that the two were measured on.
        digest: Of the layout; changes whenever an album's place does.
    """

    albums: str
    run: str
    of: str
    seed: int
    perplexity: float
    used_perplexity: float
    unit: float
    n_albums: int
    embedding_size: int
    left_out: int
    trustworthiness: float
    neighbour_preservation: float
    n_neighbours: int
    n_sampled: int
    digest: str = ""


@dataclass(frozen=True)
class MoodMap:
    """N albums on a plane.

    Attributes:
        album_ids: N of them, in the map's own order.
        xy: (N, 2) float32 in [0, 1], y up.
        vectors: (N, E) float32 of unit length: what was laid out.
        moods: Mood names as a landscape, commonest first.
        config: What it was made of.
        basis: Of a map of features, what makes a cover's features into a vector (`basis.project`); None of moods.
    """

    album_ids: tuple[str, ...]
    xy: Float[np.ndarray, "N 2"]
    vectors: Float[np.ndarray, "N E"]
    moods: tuple[MoodPlace, ...]
    config: MapConfig = field(repr=False)
    basis: Basis | None = field(default=None, repr=False)

    def nearest(
        self, vectors: Float[np.ndarray, "K E"], k: int
    ) -> tuple[Int[np.ndarray, "K k"], Float[np.ndarray, "K k"]]:
        """Rows (K, k) of the albums nearest to these vectors, nearest first, and their cosines; k at most N.

        Raises:
            MapError: If the vectors are of another width, or hold nan.
        """
        return search(self._unit(vectors), self.vectors, k=k)

    def place_new(self, vectors: Float[np.ndarray, "K E"]) -> Float[np.ndarray, "K 2"]:
        """Where new albums go (K, 2), each drawn by its neighbours among the old ones; nothing else moves.

        Raises:
            MapError: If the vectors are of another width, or hold nan.
        """
        layout = Layout(self.xy, self.config.unit, self.config.used_perplexity)
        return place_among(self._unit(vectors), self.vectors, layout)

    def check_albums(self, digest: str) -> None:
        """Check that the map is one of these albums.

        Raises:
            MapError: If not.
        """
        if digest != self.config.albums:
            raise MapError(
                f"the map was made of albums {self.config.albums}, the set holds albums {digest}; "
                "make it again with `albumnet map … --force`"
            )

    def _unit(self, vectors: np.ndarray) -> np.ndarray:
        if vectors.ndim != 2 or vectors.shape[1] != self.vectors.shape[1]:
            raise MapError(
                f"vectors of shape {vectors.shape} do not fit a map of {self.config.of} with {self.vectors.shape[1]} "
                "numbers an album; use the model that the map was made with"
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all():
            raise MapError("a vector to be placed holds nan or infinity")
        unit: np.ndarray = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
        return unit


def write_map(path: Path, mood_map: MoodMap) -> MoodMap:
    """Write a map; config.json goes first and comes last, so that a folder with one is a whole map.

    Returns:
        The map, its config with the digest of its layout.
    """
    # The atlas was made of the map that is replaced.
    for name in ("config.json", "atlas.parquet"):
        (path / name).unlink(missing_ok=True)
    digest = _digest(mood_map)
    config = replace(mood_map.config, digest=digest)
    made_from = {"map": digest, "albums": config.albums, "run": config.run}
    x, y = mood_map.xy.T
    layout = pa.table({"album_id": list(mood_map.album_ids), "x": x, "y": y}, schema=_LAYOUT)
    write_parquet(path / "layout.parquet", layout, schema_version=SCHEMA_VERSION, made_from=made_from)
    moods = pa.Table.from_pylist([asdict(place) for place in mood_map.moods], schema=_MOODS)
    write_parquet(path / "moods.parquet", moods, schema_version=SCHEMA_VERSION, made_from=made_from)
    write_tensors(
        path / "vectors.safetensors",
        {"vectors": mood_map.vectors, **(vars(mood_map.basis) if mood_map.basis else {})},
        # One entry: safetensors writes several in an order of chance, and the same map must be the same bytes.
        metadata={"made_from": json.dumps({"schema_version": SCHEMA_VERSION, **made_from})},
    )
    write_json(path / "config.json", asdict(config), schema_version=SCHEMA_VERSION)
    return replace(mood_map, config=config)


def read_config(path: Path) -> MapConfig:
    """Read a whole map's config.

    Raises:
        MapError: If the folder is no map, or one that was cut off.
        SchemaVersionError: If another version wrote it.
    """
    file = path / "config.json"
    make = f"make one with `albumnet map SET --model RUN --out {path}`"
    if not file.is_file():
        if (path / "layout.parquet").is_file():
            raise MapError(f"{path} is a map that was cut off before it was whole; {make}")
        raise MapError(f"{path} is no map (it has no config.json); {make}")
    content = read_json(file, schema_version=SCHEMA_VERSION)
    try:
        return MapConfig(**{column.name: content[column.name] for column in fields(MapConfig)})
    except KeyError as error:
        raise MapError(f"{file} is not what `albumnet map` writes (it lacks {error}); {make}") from error


def read_map(path: Path) -> MoodMap:
    """Read a map.

    Raises:
        MapError: If the folder is no whole map, or its files do not belong together.
        SchemaVersionError: If another version wrote it.
    """
    path = Path(path)
    config = read_config(path)
    tables = {}
    for name in ("layout", "moods"):
        file = path / f"{name}.parquet"
        if not file.is_file():
            raise MapError(f"{path} has no {file.name}; make the map again with --force")
        tables[name], made_from = read_parquet(file, schema_version=SCHEMA_VERSION)
        _check_belongs(file, found=made_from.get("map"), wanted=config.digest)
    layout = tables["layout"]
    tensors = _read_tensors(path / "vectors.safetensors", config)
    vectors = tensors.pop("vectors")
    if not layout.num_rows == len(vectors) == config.n_albums:
        raise MapError(
            f"{path} has {layout.num_rows:,} places and {len(vectors):,} vectors; make it again with --force"
        )
    return MoodMap(
        album_ids=tuple(layout["album_id"].to_pylist()),
        xy=np.stack([layout["x"].to_numpy(), layout["y"].to_numpy()], axis=1),
        vectors=vectors,
        moods=tuple(MoodPlace(**row) for row in tables["moods"].to_pylist()),
        config=config,
        basis=Basis(**tensors) if tensors else None,
    )


def _read_tensors(file: Path, config: MapConfig) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as content:
            made_from = json.loads((content.metadata() or {}).get("made_from", "{}"))
            _check_belongs(file, found=made_from.get("map"), wanted=config.digest)
            return {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118  not a mapping
    except (OSError, SafetensorError) as error:
        raise MapError(f"cannot read {file}: {error}; make the map again with --force") from error


def _check_belongs(file: Path, *, found: str | None, wanted: str) -> None:
    if found != wanted:
        raise MapError(
            f"{file} is of map {found}, config.json beside it of map {wanted}; make the map again with --force"
        )


def _digest(mood_map: MoodMap) -> str:
    hasher = hashlib.sha256("\n".join(mood_map.album_ids).encode())
    hasher.update(np.ascontiguousarray(mood_map.xy).tobytes())
    return hasher.hexdigest()[:16]
