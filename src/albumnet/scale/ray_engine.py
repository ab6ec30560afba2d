"""Shards on the workers of Ray Data, which starts them, feeds them one shard at a time, and replaces those that die."""

from __future__ import annotations

import importlib.util
import logging
import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from albumnet.errors import AlbumNetError, MissingExtraError, ScaleError
from albumnet.scale.work import Work

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class RayOptions:
    """Which workers.

    Attributes:
        address: Of a running cluster ("auto" or "host:port"); None to start workers on this machine.
        n_workers: How many; None for one per GPU or, where those are not used, per processor.
        device: auto | cpu | cuda; auto means GPUs where the cluster has any.
    """

    address: str | None = None
    n_workers: int | None = None
    device: str = "auto"


def run_on_ray(
    work: Work[Item, Outcome], shards: Sequence[Sequence[Item]], *, options: RayOptions
) -> Iterator[Outcome]:
    """Do every shard on some worker; outcomes come as shards are done, in no order.

    A worker has one thread, or a GPU. One that dies is replaced, and its shard is done anew.

    Raises:
        MissingExtraError: If Ray is not installed.
        ScaleError: If Ray cannot be reached, or has fewer processors than workers are asked for.
        AlbumNetError: What a shard raised.
        OSError: If a worker cannot write, because its disk is full for example.
    """
    if importlib.util.find_spec("ray") is None:
        raise MissingExtraError("--on ray needs Ray, which the base install leaves out; pip install 'albumnet[ray]'")
    if not shards:
        return
    with _cluster(options) as (n_workers, n_cpus, n_gpus):
        import ray

        ray.data.DataContext.get_current().enable_progress_bars = False
        items = [{"shard": pickle.dumps(list(shard))} for shard in shards]
        outcomes = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
            _Worker,
            fn_constructor_args=(work,),
            batch_size=None,
            num_cpus=n_cpus,
            num_gpus=n_gpus,
            # One in flight: a slow worker shall not hold shards that others could do.
            compute=ray.data.ActorPoolStrategy(size=min(n_workers, len(items)), max_tasks_in_flight_per_actor=1),
        )
        try:
            for row in outcomes.iter_rows():
                outcome = pickle.loads(row["outcome"])
                if isinstance(outcome, (AlbumNetError, OSError)):
                    raise outcome
                yield outcome
        except ray.exceptions.RayError as error:
            raise ScaleError(
                f"Ray gave up: {_first_line(error)}; run the same command again, the shards that were done are kept"
            ) from error


class _Worker:
    """A process of Ray that holds what all shards need."""

    def __init__(self, work: Work[Any, Any]) -> None:
        self._do_shard: Any = None
        self._work = work

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list[bytes]]:
        return {"outcome": [pickle.dumps(self._try(pickle.loads(shard))) for shard in batch["shard"]]}

    def _try(self, shard: Sequence[Any]) -> Any:
        """The outcome, or the known error: raised here, Ray would wrap it in pages of its own."""
        try:
            if self._do_shard is None:
                self._do_shard = self._work.start()
            return self._do_shard(shard)
        except (AlbumNetError, OSError) as error:
            return error


@contextmanager
def _cluster(options: RayOptions) -> Iterator[tuple[int, float, float]]:
    """Be connected to Ray; yields how many workers to use, and how many processors and GPUs each takes."""
    # Ray would tell its makers how it is used.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray
    import ray.data

    where: dict[str, Any] = {"address": options.address}
    if options.address is None:
        n_local = options.n_workers or os.cpu_count()
        where = {"num_cpus": n_local, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    try:
        ray.init(**where, logging_level=logging.ERROR, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        at = options.address or "this machine"
        raise ScaleError(f"Ray at {at} cannot be used: {_first_line(error)}") from error
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield _choose_workers(options, ray.cluster_resources())
    finally:
        ray.shutdown()


def _choose_workers(options: RayOptions, there: Mapping[str, float]) -> tuple[int, float, float]:
    n_gpus, n_cpus = int(there.get("GPU", 0)), int(there.get("CPU", 0))
    takes_gpus = options.device == "cuda" or (options.device == "auto" and n_gpus > 0)
    n_there, what = (n_gpus, "GPUs") if takes_gpus else (n_cpus, "processors")
    n_wanted = options.n_workers or max(n_there, 1)
    if n_there < n_wanted:
        raise ScaleError(
            f"{n_wanted} workers are asked for, but the cluster has {n_there} {what}; "
            "ask for fewer with --workers, or add machines"
        )
    return (n_wanted, 0, 1) if takes_gpus else (n_wanted, 1, 0)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
