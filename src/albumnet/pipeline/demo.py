"""The demo: every stage on a planted world, offline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.pipeline.evaluating import evaluate
from albumnet.pipeline.reporting import write_report
from albumnet.pipeline.training import ScoreRow, read_scores, train, training_options
from albumnet.progress import ProgressCallback, ignore_progress

if TYPE_CHECKING:
    from albumnet.models.answers import MoodProbability


@dataclass(frozen=True)
class DemoResult:
    """What the demo made, and one cover read by model 2."""

    album_set: Path
    runs: tuple[Path, ...]
    report: Path
    rows: tuple[ScoreRow, ...]
    n_test: int
    cover: Path
    moods: tuple[MoodProbability, ...]
    true_moods: tuple[str, ...]


def demo(
    directory: Path, *, seed: int, n_albums: int = 800, progress: ProgressCallback = ignore_progress
) -> DemoResult:
    """Draw a planted world and run every stage on it, to a report on model 2; run again, what is done is skipped.

    Args:
        directory: Where the world, the album set and the four runs are written.
        seed: Of the world and of everything after it.
        n_albums: How large the world is.
        progress: Called throughout.
    """
    from albumnet.features import extract_features
    from albumnet.models.prediction import load_model
    from albumnet.planted import draw_world, write_world
    from albumnet.sources import import_table
    from albumnet.vision.backbones import load_backbone

    world = draw_world(n_albums=n_albums, rng=np.random.default_rng(seed))
    table = write_world(world, directory / "world", progress=progress)
    album_set = import_table(
        table, table.parent / "covers", out=directory / "set", seed=seed, progress=progress
    ).album_set
    extract_features(album_set, load_backbone("efficientnet_lite0"), progress=progress)
    rows: list[ScoreRow] = []
    runs = []
    for model in ("1", "2", "3", "4"):
        run = directory / f"run-{model}"
        runs.append(run)
        if not (run / "config.json").is_file():
            options = training_options(album_set, model=model, seed=seed)
            train(album_set, run, options=options, backbone="efficientnet_lite0", resume=True, progress=progress)
        # The baselines are the same in every run; the last one's are shown.
        rows = [*(row for row in rows if row.name.startswith("model")), *read_scores(run)]
    evaluate(runs[1], n_seeds=1, progress=progress)
    report = write_report(runs[1], progress=progress)
    test = next(album for album in album_set.albums if album_set.splits[album.album_id] == "test")
    cover = table.parent / "covers" / (test.cover_file or "")
    (prediction,) = load_model(runs[1]).predict([cover], genres=test.genres, years=test.year, top=8)
    return DemoResult(
        album_set=album_set.path,
        runs=tuple(runs),
        report=report,
        rows=tuple(rows),
        n_test=sum(side == "test" for side in album_set.splits.values()),
        cover=cover,
        moods=prediction.moods,
        true_moods=test.moods,
    )
