"""Cross-validation over artist-disjoint folds, everything chosen inside the training folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.dataset.splits import fold_albums, split_albums
from albumnet.metrics import MoodScores, score_moods
from albumnet.models.presets import get_model
from albumnet.pipeline.scoring import predict_albums
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import MoodVocabulary

if TYPE_CHECKING:
    from albumnet.training.assembly import TrainingOptions


@dataclass(frozen=True)
class FoldResult:
    """Cross-validated scores of one model.

    Attributes:
        pooled: Of all folds' predictions in one table.
        fold_mean_roc_auc: Mean over folds of macro ROC-AUC within the fold; free of differences between folds.
        strengths: What each fold chose on its own validation side.
    """

    name: str
    pooled: MoodScores
    fold_mean_roc_auc: float
    strengths: tuple[float, ...]


def cross_validate(
    album_set: AlbumSet,
    store: FeatureStore | None,
    *,
    options: Sequence[TrainingOptions],
    n_folds: int,
    min_albums_per_mood: int,
    seed: int,
    progress: ProgressCallback = ignore_progress,
) -> list[FoldResult]:
    """Score models over artist-disjoint folds, everything (strength, epochs) chosen inside the training folds.

    Moods are those with `min_albums_per_mood` albums in the whole set, so that every fold scores the same ones. The
    prior, each mood's frequency in the training folds, comes first.
    """
    from albumnet.training.assembly import train_model

    albums = [a for a in album_set.albums if a.moods and (store is None or a.cover in store)]
    counts = album_set.vocabulary.target([a.moods for a in albums]).sum(axis=0)
    kept = zip(album_set.vocabulary.names, counts, strict=True)
    vocabulary = MoodVocabulary(tuple(mood for mood, count in kept if count >= min_albums_per_mood))
    target = vocabulary.target([a.moods for a in albums])
    fold_of_id = fold_albums(albums, n_folds=n_folds, rng=np.random.default_rng(seed))
    fold_of = np.array([fold_of_id[a.album_id] for a in albums])
    prior = np.zeros(target.shape)
    predictions = [np.zeros(target.shape) for _ in options]
    strengths: list[list[float]] = [[] for _ in options]
    for fold in range(n_folds):
        is_test = fold_of == fold
        prior[is_test] = target[~is_test].mean(axis=0)
        rest = [a for a, test in zip(albums, is_test, strict=True) if not test]
        rng = np.random.default_rng([seed, fold])
        side_of = split_albums(rest, rng=rng, fractions={"train": 0.85, "valid": 0.15})
        sides = {side: [a for a in rest if side_of[a.album_id] == side] for side in ("train", "valid")}
        tested = [a for a, test in zip(albums, is_test, strict=True) if test]
        for n, option in enumerate(options):
            fold_options = replace(option, moods=vocabulary.names)
            trained = train_model(sides, store, options=fold_options, progress=progress)
            predictions[n][is_test] = predict_albums(trained.model, album_set, tested, store)
            strengths[n].append(trained.model.config.strength)
            progress(Progress("folds", fold * len(options) + n + 1, n_folds * len(options)))
    rows: list[tuple[str, np.ndarray, list[float]]] = [("prior", prior, [])]
    rows += [
        (f"{get_model(o.model).title} ({o.preset})", p, s)
        for o, p, s in zip(options, predictions, strengths, strict=True)
    ]
    return [
        FoldResult(
            name,
            score_moods(target, predicted),
            float(
                np.mean(
                    [score_moods(target[fold_of == k], predicted[fold_of == k]).macro_roc_auc for k in range(n_folds)]
                )
            ),
            tuple(chosen),
        )
        for name, predicted, chosen in rows
    ]
