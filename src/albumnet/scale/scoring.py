"""Predictions over many workers: each writes its shards beside the output, which is put together at the end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from albumnet.dataset import FeatureStore
from albumnet.dataset.addresses import fetched, open_address
from albumnet.dataset.atomic import write_tensors
from albumnet.dataset.covers import read_cover
from albumnet.dataset.predictions import ALBUMS_AT_ONCE, PredictionsPart, write_prediction_parts
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import Album
from albumnet.scale.ray_engine import RayOptions, run_on_ray
from albumnet.scale.work import cut_into_shards

# As many as a plain scoring takes at once, so that a row meets the same others in every product.
_BATCH = 256
_SCHEMA_VERSION = "1"


@dataclass(frozen=True)
class ScoreWork:
    """Shards of albums -> shards of probabilities.

    Attributes:
        run: Address of the model, for every worker the same.
        covers: Address of the set's covers.
        store: Address of the set's features; "" for a model that needs none.
        parts: Address of the folder that takes the shards.
        made_from: Digests of what the predictions are made from, as the output says them.
        model: Digest of the model itself.
        weights: The backbone's weights file, if it no longer lies where it lay; "" otherwise.
    """

    run: str
    covers: str
    store: str
    parts: str
    made_from: dict[str, str]
    model: str
    weights: str = ""

    def start(self) -> Callable[[Sequence[Album]], int]:
        """Load the model; what is returned does one shard and says how many albums it had."""
        from albumnet.models.album_inputs import gather_inputs
        from albumnet.models.prediction import load_model

        model = load_model(open_address(self.run), weights=Path(self.weights) if self.weights else None)
        store = FeatureStore(open_address(self.store)) if self.store else None
        covers_dir = open_address(self.covers)

        def do_shard(albums: Sequence[Album]) -> int:
            parts = []
            for start in range(0, len(albums), _BATCH):
                batch = albums[start : start + _BATCH]
                inputs = gather_inputs(
                    model, batch, store=store, read_cover=lambda cover: read_cover(covers_dir, cover)
                )
                parts.append(model.probabilities(*inputs))
            metadata = {"schema_version": _SCHEMA_VERSION, **self.made_from}
            write_tensors(self.part_file(albums), {"probabilities": np.concatenate(parts)}, metadata=metadata)
            return len(albums)

        return do_shard

    def part_file(self, albums: Sequence[Album]) -> Path:
        """The file of a shard, named by its albums and its model."""
        content = json.dumps([self.model, [asdict(album) for album in albums]])
        name = hashlib.sha256(content.encode()).hexdigest()[:16]
        return open_address(self.parts) / f"part-{name}.safetensors"


def score_on_ray(
    albums: Sequence[Album],
    work: ScoreWork,
    *,
    out: Path,
    moods: Sequence[str],
    options: RayOptions,
    progress: ProgressCallback = ignore_progress,
) -> None:
    """Write the probability of each of a model's moods for albums, in long form, computed on the workers of Ray.

    The file is the one that scoring on this machine writes.

    Args:
        albums: That the model can say something of.
        work: With which model.
        out: The file.
        moods: The model's, in its order.
        options: Which workers.
        progress: Called per shard.

    Raises:
        MissingExtraError: If Ray is not installed.
        ScaleError: If Ray cannot be reached, or has fewer processors than workers are asked for.
    """
    shards = cut_into_shards(albums, size=ALBUMS_AT_ONCE, is_done=lambda _: False)
    files = [work.part_file(shard) for shard in shards]
    left = [shard for shard, file in zip(shards, files, strict=True) if not file.is_file()]
    n_done = len(albums) - sum(map(len, left))
    for n_scored in run_on_ray(work, left, options=options):
        n_done += n_scored
        progress(Progress("scoring", n_done, len(albums)))
    nothing = PredictionsPart([], np.empty((0, len(moods)), np.float32))
    parts = _read_parts(shards, files) if shards else iter([nothing])
    write_prediction_parts(out, parts, moods=moods, made_from=work.made_from)
    folder = open_address(work.parts)
    if folder.is_dir():
        for file in folder.iterdir():  # with the halves of shards that were being written
            file.unlink(missing_ok=True)
        folder.rmdir()


def _read_parts(shards: Sequence[Sequence[Album]], files: Sequence[Path]) -> Iterator[PredictionsPart]:
    from safetensors.numpy import load_file

    for shard, file in zip(shards, files, strict=True):
        with fetched(file) as local:
            probabilities = load_file(local)["probabilities"]
        yield PredictionsPart([album.album_id for album in shard], probabilities)
