"""Train the starter model, after measuring on held-out albums what it is worth.

    albumnet import table albums.csv --covers covers --moods-column moods_community --out S
    albumnet features S
    python scripts/train_starter.py S --out src/albumnet/models/data/starter --card docs/starter_model.md

Scores, and the rule by which moods are told, come from five artist-disjoint folds, everything chosen inside the
training folds. The model that is kept is then trained on all albums in the same way; it has no scores of its own. What
is written holds weights and counts, neither covers nor an album's tags.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.dataset.atomic import read_json, write_json, write_tensors, write_text
from albumnet.dataset.splits import fold_albums, group_albums, split_albums
from albumnet.metrics import Estimate, draw_resamples, resample_moods, score_interval, score_moods
from albumnet.metrics.bootstrap import ClusterResamples
from albumnet.models.parts import folder_of, list_known, write_telling
from albumnet.models.run import read_config, read_weights
from albumnet.models.telling import Telling, fit_telling
from albumnet.pipeline.scoring import predict_albums
from albumnet.records import Album, MoodVocabulary
from albumnet.training.assembly import TrainedModel, TrainingOptions, save_run, train_model
from starter_card import MEASURED, Measured, describe

BACKBONE = "efficientnet_lite0"
N_FOLDS, N_RESAMPLES = 5, 1000
MIN_ALBUMS_PER_MOOD = 30
VALID_SHARE = 0.15
# Of the moods told, every other is right on held-out albums; none is told that is not half as likely again as usual.
PRECISION, LIFT = 0.5, 1.5


def main() -> None:
    """Measure, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("album_set", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    parser.add_argument("--card", type=Path, required=True, help="the model card, Markdown")
    options = parser.parse_args()
    album_set = AlbumSet(options.album_set)
    store = FeatureStore(album_set.features_dir(BACKBONE))
    albums = [album for album in album_set.albums if album.moods and album.cover in store]
    vocabulary = common_moods(albums, album_set.vocabulary)
    target = vocabulary.target([album.moods for album in albums])
    predicted, fold_of = cross_validate(album_set, albums, store, vocabulary)
    measured, telling = measure(predicted, target, fold_of=fold_of, groups=group_albums(albums))
    shutil.rmtree(options.out, ignore_errors=True)
    for known, trained in train_parts(sides_of(albums, seed=0), store, vocabulary).items():
        save_small(folder_of(options.out, known), trained)
    write_telling(options.out, telling)
    card = describe(measured, telling, moods=vocabulary.names, n_albums=len(albums), n_covers=len(album_set.albums))
    for path in (options.card, options.out / "card.md"):
        write_text(path, card)
    print(card)


def common_moods(albums: Sequence[Album], vocabulary: MoodVocabulary) -> MoodVocabulary:
    """The moods that enough albums have."""
    counts = vocabulary.target([album.moods for album in albums]).sum(axis=0)
    kept = zip(vocabulary.names, counts, strict=True)
    return MoodVocabulary(tuple(mood for mood, count in kept if count >= MIN_ALBUMS_PER_MOOD))


def cross_validate(
    album_set: AlbumSet, albums: Sequence[Album], store: FeatureStore, vocabulary: MoodVocabulary
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Probabilities (N, M) of every album by what is known of it, from the folds it was not in; and its fold (N,)."""
    fold_of_id = fold_albums(albums, n_folds=N_FOLDS, rng=np.random.default_rng(0))
    fold_of = np.array([fold_of_id[album.album_id] for album in albums])
    predicted = {known: np.zeros((len(albums), len(vocabulary))) for known in list_known()}
    given = (album_set.path, albums, store.path, vocabulary, fold_of)
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        for fold, found in enumerate(pool.map(functools.partial(predict_fold, *given), range(N_FOLDS))):
            for known, probabilities in found.items():
                predicted[known][fold_of == fold] = probabilities
            print(f"fold {fold + 1} of {N_FOLDS}", flush=True)
    return predicted, fold_of


def predict_fold(
    path: Path, albums: Sequence[Album], features: Path, vocabulary: MoodVocabulary, fold_of: np.ndarray, fold: int
) -> dict[str, np.ndarray]:
    """Probabilities of one fold's albums by what is known of them, by models trained on the others."""
    album_set, store = AlbumSet(path), FeatureStore(features)
    rest, asked = (
        [album for album, is_here in zip(albums, fold_of == fold, strict=True) if is_here == wanted]
        for wanted in (False, True)
    )
    return {
        known: predict_albums(trained.model, album_set, [blank(album, known) for album in asked], store)
        for known, trained in train_parts(sides_of(rest, seed=fold), store, vocabulary).items()
    }


def sides_of(albums: Sequence[Album], *, seed: int) -> dict[str, list[Album]]:
    """Most albums to fit, some to choose the penalty and to calibrate by."""
    fractions = {"train": 1 - VALID_SHARE, "valid": VALID_SHARE}
    side_of = split_albums(albums, rng=np.random.default_rng([0, seed]), fractions=fractions)
    return {side: [album for album in albums if side_of[album.album_id] == side] for side in fractions}


def train_parts(
    sides: Mapping[str, Sequence[Album]], store: FeatureStore, vocabulary: MoodVocabulary
) -> dict[str, TrainedModel]:
    """A model for each of what may be known of an album, trained on albums of which just that is known."""
    return {
        known: train_model(
            {side: [blank(album, known) for album in albums] for side, albums in sides.items()},
            store if "cover" in known else None,
            options=TrainingOptions(model=model_of(known), moods=vocabulary.names, device="cpu"),
        )
        for known in list_known()
    }


def model_of(known: str) -> str:
    """Which of AlbumNet's models learns from that."""
    if "cover" not in known:
        return "metadata"
    return "1" if known == "cover" else "2"


def blank(album: Album, known: str) -> Album:
    """The album as far as it is known."""
    return replace(album, genres=album.genres if "genre" in known else (), year=album.year if "year" in known else None)


def measure(
    predicted: Mapping[str, np.ndarray], target: np.ndarray, *, fold_of: np.ndarray, groups: np.ndarray
) -> tuple[dict[str, Measured], dict[str, Telling]]:
    """Scores by what is known, and the rule of telling; the rule is scored on each fold as the other folds fit it."""
    resamples = draw_resamples(groups, n_resamples=N_RESAMPLES, rng=np.random.default_rng(0))
    base_rates = target.mean(axis=0)
    measured, telling = {}, {}
    for known, probabilities in predicted.items():
        told = np.zeros(target.shape, dtype=bool)
        for fold in range(N_FOLDS):
            others, here = fold_of != fold, fold_of == fold
            rule = fit(probabilities[others], target[others], base_rates)
            told[here] = rule.tells(probabilities[here], base_rates)
        telling[known] = fit(probabilities, target, base_rates)
        measured[known] = Measured(
            **score(target, probabilities, resamples),
            share_silent=float((~told.any(axis=1)).mean()),
            told_per_album=float(told.sum(axis=1).mean()),
            told_precision=precision_of(told, target, resamples),
        )
    return measured, telling


def fit(probabilities: np.ndarray, target: np.ndarray, base_rates: np.ndarray) -> Telling:
    """The rule of telling on these albums."""
    return fit_telling(probabilities, target, base_rates=base_rates, precision=PRECISION, lift=LIFT)


def score(target: np.ndarray, probabilities: np.ndarray, resamples: ClusterResamples) -> dict[str, Estimate]:
    """The scores of `MEASURED`, each with its interval over artists."""
    points, again = score_moods(target, probabilities), resample_moods(target, probabilities, resamples)
    return {
        name: Estimate(
            getattr(points, name),
            *score_interval(getattr(points, name), getattr(again, name), n_groups=resamples.n_groups),
        )
        for name in MEASURED
    }


def precision_of(told: np.ndarray, target: np.ndarray, resamples: ClusterResamples) -> Estimate:
    """Share of the told moods that are right; undefined where none is told."""
    if not told.any():
        return Estimate(float("nan"))
    of_group = [
        np.bincount(resamples.groups, weights=values.sum(axis=1), minlength=resamples.n_groups)
        for values in (told & target.astype(bool), told)
    ]
    right, all_told = (values @ resamples.counts for values in of_group)
    with np.errstate(invalid="ignore"):
        again = right / all_told
    point = float(of_group[0].sum() / of_group[1].sum())
    return Estimate(point, *score_interval(point, again, n_groups=resamples.n_groups))


def save_small(run: Path, trained: TrainedModel) -> None:
    """Write a run without its history and without saying where it was trained, its weights in half their size."""
    save_run(run, trained)
    config = read_config(run)
    arrays = {
        name: array.astype(np.float16) if array.ndim > 1 else array for name, array in read_weights(run, config).items()
    }
    content = read_json(run / "config.json", schema_version=3)
    made_from = {"schema_version": "3", "vocabulary": content["vocabulary"], "model": config.model}
    write_tensors(run / "model.safetensors", arrays, metadata={**made_from, "preset": config.preset})
    (run / "history.csv").unlink()
    write_json(run / "config.json", {k: v for k, v in content.items() if k != "schema_version"}, schema_version=3)


if __name__ == "__main__":
    main()
