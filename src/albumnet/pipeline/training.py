"""Training one model of an album set, and scoring it on the test side beside the prior and metadata alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.dataset.addresses import full_address
from albumnet.dataset.atomic import read_json, remove_stale_temporaries, write_json, write_text
from albumnet.dataset.predictions import write_predictions
from albumnet.errors import RunError, WordVectorError
from albumnet.metrics import MoodScores, score_moods
from albumnet.models.presets import get_model, get_preset
from albumnet.models.run import SCHEMA_VERSION, RunConfig
from albumnet.pipeline.scoring import albums_of_sides, predict_albums
from albumnet.progress import ProgressCallback, ignore_progress, is_leading
from albumnet.records import Album

if TYPE_CHECKING:
    from albumnet.models.prediction import MoodModel
    from albumnet.training.assembly import TrainingOptions


@dataclass(frozen=True)
class ScoreRow:
    """One line of a score table."""

    name: str
    scores: MoodScores


@dataclass(frozen=True)
class TrainingResult:
    """What `train` did.

    Attributes:
        config: Of the run.
        rows: Test-side scores of the model, of metadata alone and of the prior.
        n_test: Albums they were measured on.
        n_without_features: Albums of the set that have moods but no features.
    """

    config: RunConfig
    rows: tuple[ScoreRow, ...]
    n_test: int
    n_without_features: int


def training_options(
    album_set: AlbumSet,
    *,
    model: str,
    preset: str = "small",
    space: str = "",
    min_albums_per_mood: int = 30,
    vectors: Path | None = None,
    seed: int = 0,
    device: str = "auto",
    precision: str = "auto",
    weights: Path | None = None,
    backbone: str = "efficientnet_lite0",
) -> TrainingOptions:
    """Gather options, reading the word vectors that the model needs and finding the weights its features came from.

    Raises:
        MissingExtraError: If PyTorch is not installed.
        WordVectorError: If the vectors cannot be read.
    """
    import importlib.util

    from albumnet.errors import MissingExtraError
    from albumnet.moodspace import load_packaged_vectors, read_glove

    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError(
            "training needs PyTorch, which the base install leaves out; pip install 'albumnet[train]'"
        )
    from albumnet.training.assembly import TrainingOptions

    needs_vectors = get_model(model).uses_vectors
    get_preset(preset)
    return TrainingOptions(
        model=model,
        preset=preset,
        space=space,
        seed=seed,
        min_albums_per_mood=min_albums_per_mood,
        device=device,
        precision=precision,
        vectors=(read_glove(vectors) if vectors else load_packaged_vectors()) if needs_vectors else None,
        vectors_file=str(vectors.resolve()) if vectors else "",
        weights=str(weights.resolve()) if weights else _remembered_weights(album_set, backbone),
        album_set=full_address(album_set.path),
        set_vocabulary=album_set.vocabulary.digest,
        albums_digest=album_set.digest,
    )


def options_of_run(config: RunConfig, album_set: AlbumSet) -> TrainingOptions:
    """The options that train a run's model again, on exactly its moods.

    Raises:
        WordVectorError: If its word vectors are gone or have changed.
    """
    options = training_options(
        album_set,
        model=config.model,
        preset=config.preset,
        space=config.space,
        min_albums_per_mood=config.min_albums_per_mood,
        vectors=Path(config.vectors) if config.vectors else None,
        seed=config.seed,
        weights=Path(config.weights) if config.weights else None,
    )
    if options.vectors is not None and options.vectors.digest != config.vectors_digest:
        raise WordVectorError(
            f"the model was trained on word vectors {config.vectors_digest}, but "
            f"{config.vectors or 'the packaged ones'} are {options.vectors.digest} now; train the model again"
        )
    return replace(options, moods=config.moods)


def train(
    album_set: AlbumSet,
    out: Path,
    *,
    options: TrainingOptions,
    backbone: str,
    fine_tune: int = 0,
    resume: bool = False,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> TrainingResult:
    """Train one model, score it on the test side beside the prior and metadata alone, and write the run.

    Args:
        album_set: With moods and splits, and features of `backbone` for models with the cover.
        out: The run's folder.
        options: How to train.
        backbone: Whose features.
        fine_tune: Blocks of the backbone to train through the pixels; 0 for cached features.
        resume: Continue a training that was cut off.
        force: Replace a finished run, or an unfinished one.
        progress: Called per epoch.

    Raises:
        RunError: If `out` holds a run and neither `resume` nor `force` is given.
        TrainingError: If there is too little to learn from.
    """
    from albumnet.training.assembly import choose_device, save_run, train_model
    from albumnet.training.processes import join_processes, leave_processes

    _check_free(out, resume=resume, force=force)
    join_processes(choose_device(options.device))
    kind = get_model(options.model)
    store = FeatureStore(album_set.features_dir(backbone)) if kind.uses_cover else None
    sides, n_without = albums_of_sides(album_set, album_set.splits, store)
    fine_tuned = _fine_tuned(album_set, backbone, fine_tune, options) if fine_tune and kind.uses_cover else None
    trained = train_model(
        sides,
        store,
        options=options,
        fine_tuned=fine_tuned,
        checkpoint=out / "checkpoint.safetensors",
        progress=progress,
    )
    probabilities = predict_albums(trained.model, album_set, [*sides["valid"], *sides["test"]], store)
    rows, n_test = _score_rows(
        trained.model, probabilities[len(sides["valid"]) :], sides, options=options, progress=progress
    )
    result = TrainingResult(trained.model.config, rows, n_test, n_without)
    leave_processes()
    if not is_leading():
        return result
    write_predictions(
        out / "predictions.parquet",
        album_ids=[album.album_id for side in ("valid", "test") for album in sides[side]],
        moods=trained.model.config.moods,
        probabilities=probabilities,
        splits=[side for side in ("valid", "test") for _ in sides[side]],
        made_from={"albums": album_set.digest, "vocabulary": trained.model.config.vocabulary.digest},
    )
    metrics = {"n_test": n_test, "rows": [{"name": row.name, **asdict(row.scores)} for row in rows]}
    write_json(out / "metrics.json", metrics, schema_version=SCHEMA_VERSION)
    write_text(out / "card.md", write_run_card(trained.model.config, rows, n_test=n_test))
    save_run(out, trained)
    return result


def read_scores(run: Path) -> list[ScoreRow]:
    """The score table that `train` wrote."""
    content = read_json(run / "metrics.json", schema_version=SCHEMA_VERSION)
    return [ScoreRow(row.pop("name"), MoodScores(**row)) for row in content["rows"]]


def write_run_card(config: RunConfig, rows: Sequence[ScoreRow], *, n_test: int) -> str:
    """The run's card as Markdown: what was trained on what, and how it scored beside the baselines."""
    backbone = config.backbone.backbone if config.backbone else "none"
    left_out = ", ".join(f"{mood} ({count})" for mood, count in config.left_out_moods.items()) or "none"
    lines = [
        f"# {get_model(config.model).title}",
        "",
        f"Preset `{config.preset}`, backbone `{backbone}`, seed {config.seed}, penalty {config.strength:g}, "
        f"smoothing {config.smoothing:g}, "
        f"{config.n_fine_tuned} blocks fine-tuned.",
        f"Trained on {config.sizes['train']:,} albums, chosen by {config.sizes['valid']:,}, {len(config.moods)} moods.",
        f"Moods left out for having fewer than {config.min_albums_per_mood} training albums: {left_out}.",
        "",
        f"Scores on the {n_test:,} albums of the test side ({rows[0].scores.n_moods} moods, "
        f"{rows[0].scores.n_left_out} left out for want of an album with or without them):",
        "",
        "| | macro AP | micro AP | macro ROC-AUC | micro ROC-AUC |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(f"| {row.name} | " + " | ".join(f"{value:.3f}" for value in table_values(row.scores)) + " |" for row in rows),
        "",
        "A cover says little about a record: read the first line against the others before you rely on it.",
    ]
    return "\n".join(lines) + "\n"


def table_values(scores: MoodScores) -> tuple[float, float, float, float]:
    """The four numbers of a score table, in its column order."""
    return scores.macro_ap, scores.micro_ap, scores.macro_roc_auc, scores.micro_roc_auc


def _check_free(out: Path, *, resume: bool, force: bool) -> None:
    remove_stale_temporaries(out)
    if force and not is_leading():
        return
    if force:
        # A replaced run must not look finished while its successor is trained.
        for name in ("config.json", "checkpoint.safetensors"):
            (out / name).unlink(missing_ok=True)
        return
    if (out / "config.json").is_file():
        raise RunError(f"{out} holds a finished run; choose another --out, or pass --force to replace it")
    if (out / "checkpoint.safetensors").is_file() and not resume:
        raise RunError(
            f"{out} holds a training that was cut off; pass --resume to continue it, or --force to start anew"
        )


def _remembered_weights(album_set: AlbumSet, backbone: str) -> str:
    """The weights file that a set's features were computed with; "" for those that come with the backbone."""
    path = album_set.features_dir(backbone)
    return FeatureStore(path).manifest.weights if (path / "manifest.json").is_file() else ""


def _fine_tuned(album_set: AlbumSet, backbone: str, n_blocks: int, options: TrainingOptions) -> Any:
    import torch

    from albumnet.training.assembly import choose_device
    from albumnet.training.finetuning import PixelFeatures
    from albumnet.vision.backbones import load_backbone
    from albumnet.vision.decoding import decode_cover

    loaded = load_backbone(backbone, weights=Path(options.weights) if options.weights else None)
    transform = loaded.transform

    def read_pixels(covers: Sequence[str]) -> torch.Tensor:
        return torch.stack(
            [
                torch.from_numpy(
                    decode_cover(
                        album_set.read_cover(cover), size=transform.size, interpolation=transform.interpolation
                    ).copy()
                )
                for cover in covers
            ]
        )

    return PixelFeatures(
        loaded,
        n_blocks=n_blocks,
        read_pixels=read_pixels,
        is_pooled=get_preset(options.preset).is_pooled,
        device=choose_device(options.device),
    )


def _score_rows(
    model: MoodModel,
    probabilities: np.ndarray,
    sides: Mapping[str, Sequence[Album]],
    *,
    options: TrainingOptions,
    progress: ProgressCallback,
) -> tuple[tuple[ScoreRow, ...], int]:
    from albumnet.training.assembly import train_model

    test = sides["test"]
    target = model.config.vocabulary.target([album.moods for album in test])
    prior = np.broadcast_to(np.array(model.config.base_rates), target.shape)
    rows = [ScoreRow(model.kind.title, score_moods(target, probabilities))]
    if model.config.model != "metadata":
        baseline = replace(options, model="metadata", preset="small", moods=model.config.moods, weights="")
        metadata_only = train_model(sides, None, options=baseline, progress=progress)
        scored = metadata_only.model.probabilities(None, [a.genres for a in test], [a.year for a in test])
        rows.append(ScoreRow(metadata_only.model.kind.title, score_moods(target, scored)))
    rows.append(ScoreRow("prior: each mood's frequency", score_moods(target, prior)))
    return tuple(rows), len(test)
