"""Commands that compute features and train models."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from albumnet.cli.options import (
    Address,
    BackboneName,
    Convention,
    Device,
    EngineName,
    Finetune,
    Force,
    MinAlbums,
    Model,
    Models,
    NewRun,
    On,
    Precision,
    PresetName,
    Resume,
    Set,
    Space,
    TrainingPrecision,
    Vectors,
    Weights,
    Workers,
    ray_options,
)
from albumnet.cli.output import ProgressPrinter, Seed, command, list_failures, note, print_table
from albumnet.progress import is_leading
from albumnet.vision.engines.base import TITLES

if TYPE_CHECKING:
    from albumnet.features import ExtractionResult
    from albumnet.metrics import MoodScores
    from albumnet.pipeline import FoldResult, ScoreRow, TrainingResult
    from albumnet.scale import ShardedExtraction

TABLE_HEADER = ("", "macro AP", "micro AP", "macro ROC-AUC", "micro ROC-AUC")


@command
def features(
    path: Set,
    backbone: BackboneName = "efficientnet_lite0",
    weights: Weights = None,
    convention: Convention = None,
    engine: EngineName = "auto",
    device: Device = "auto",
    precision: Precision = "auto",
    force: Force = False,
    on: On = "here",
    address: Address = None,
    workers: Workers = None,
) -> None:
    """Compute features of a set's covers, each once.

    Safe to stop and run again.
    """
    from albumnet.dataset import AlbumSet
    from albumnet.features import extract_features
    from albumnet.vision.backbones import load_backbone
    from albumnet.vision.engines.choosing import open_backbone

    ray = ray_options(on, address, workers, device=device)
    album_set = AlbumSet(path)
    result: ExtractionResult | ShardedExtraction
    if ray is not None:
        from albumnet import scale

        if engine not in ("auto", "torch"):
            raise typer.BadParameter("workers of Ray run PyTorch", param_hint="--engine")
        network = load_backbone(backbone, weights=weights, convention=convention)
        work = scale.plan_features(album_set, network, convention=convention, device=device, precision=precision)
        result = scale.extract_on_ray(album_set, work, options=ray, force=force, progress=ProgressPrinter())
        how = f" at {result.n_done / result.seconds:.1f} a second ({result.note})" if result.note else ""
    else:
        loaded = open_backbone(backbone, weights=weights, convention=convention, engine=engine)
        result = extract_features(
            album_set, loaded, engine=engine, device=device, precision=precision, force=force,
            progress=ProgressPrinter(),
        )  # fmt: skip
        how = _how_it_ran(result)
    note(f"{result.store.path}: {len(result.store):,} covers, {result.n_done:,} of them now{how}")
    list_failures([(failure.item, failure.reason) for failure in result.failures], what="covers")


@command
def train(
    path: Set,
    model: Model,
    out: NewRun,
    backbone: BackboneName = "efficientnet_lite0",
    weights: Weights = None,
    preset: PresetName = "small",
    space: Space = None,
    min_albums_per_mood: MinAlbums = 30,
    vectors: Vectors = None,
    finetune: Finetune = 0,
    seed: Seed = 0,
    device: Device = "auto",
    precision: TrainingPrecision = "auto",
    resume: Resume = False,
    force: Force = False,
) -> None:
    """Train one model and score it on the test side.

    Beside metadata alone and the prior.
    """
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet

    album_set = AlbumSet(path)
    options = pipeline.training_options(
        album_set, model=model, preset=preset, space=space or "",
        min_albums_per_mood=min_albums_per_mood, vectors=vectors, seed=seed,
        device=device, precision=precision, weights=weights, backbone=backbone,
    )  # fmt: skip
    result = pipeline.train(
        album_set, out, options=options, backbone=backbone, fine_tune=finetune, resume=resume, force=force,
        progress=ProgressPrinter(),
    )  # fmt: skip
    if not is_leading():
        return
    print_scores(result.rows)
    note(f"{_about_moods(result)}\n{out}: scores are of the {result.n_test:,} test albums; see {out / 'card.md'}")


@command
def crossvalidate(
    path: Set,
    model: Models,
    backbone: BackboneName = "efficientnet_lite0",
    preset: PresetName = "small",
    space: Space = None,
    folds: Annotated[int, typer.Option("--folds", min=2)] = 5,
    min_albums_per_mood: Annotated[int, typer.Option("--min-albums-per-mood", min=1, help="In the whole set.")] = 30,
    vectors: Vectors = None,
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Score models over artist-disjoint folds.

    Everything is chosen inside the training folds.
    """
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet, FeatureStore

    album_set = AlbumSet(path)
    options_of = functools.partial(
        pipeline.training_options,
        album_set, preset=preset, space=space or "", vectors=vectors, seed=seed, device=device, backbone=backbone,
    )  # fmt: skip
    results = pipeline.cross_validate(
        album_set,
        FeatureStore(album_set.features_dir(backbone)),
        options=[options_of(model=name) for name in model],
        n_folds=folds,
        min_albums_per_mood=min_albums_per_mood,
        seed=seed,
        progress=ProgressPrinter(),
    )
    print_table((*TABLE_HEADER, "macro ROC-AUC, mean of folds", "penalties chosen"), map(_fold_row, results))
    note(f"{folds} artist-disjoint folds, predictions pooled, {results[0].pooled.n_moods} moods, backbone {backbone}")


def print_scores(rows: Sequence[ScoreRow]) -> None:
    """A score table on stdout."""
    print_table(TABLE_HEADER, ((row.name, *_score_cells(row.scores)) for row in rows))


def _fold_row(result: FoldResult) -> tuple[str, ...]:
    strengths = " ".join(f"{strength:g}" for strength in result.strengths)
    return (result.name, *_score_cells(result.pooled), f"{result.fold_mean_roc_auc:.3f}", strengths)


def _score_cells(scores: MoodScores) -> tuple[str, ...]:
    from albumnet.pipeline import table_values

    return tuple(f"{value:.3f}" for value in table_values(scores))


def _how_it_ran(result: ExtractionResult) -> str:
    network = result.network
    if network is None:
        return ""
    rate = result.n_done / result.seconds
    return (
        f" at {rate:.1f} a second ({network.precision} on {network.device} by {TITLES[network.name]}, "
        f"cosine to float32 >= {network.agreement:.4f})"
    )


def _about_moods(result: TrainingResult) -> str:
    config, scores = result.config, result.rows[0].scores
    text = f"{len(config.moods)} moods"
    if config.left_out_moods:
        listed = ", ".join(f"{mood} ({count})" for mood, count in config.left_out_moods.items())
        text += f"; left out with fewer than {config.min_albums_per_mood} training albums: {listed}"
    if scores.n_left_out:
        text += f"; {scores.n_left_out} more not scored, for want of a test album with or without them"
    if result.n_without_features:
        text += f"; {result.n_without_features} albums without a usable cover passed over"
    return text
