"""Moods that training never saw, scored by name: how well do models in the mood space rank albums by them?

    python benchmarks/held_out_moods.py SET [--backbone efficientnet_lite0] [--draws 10] [--share 0.15]

Each draw holds out a share of the moods, trains on the others (train and valid sides of the set), and ranks the albums
of the test side by closeness to each held-out mood's word vector. Printed: macro ROC-AUC over the held-out moods, mean
and range over draws; beside it that of the moods trained on. Chance is 0.5.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from albumnet import pipeline
from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.metrics import roc_aucs
from albumnet.moodspace import embed_labels
from albumnet.pipeline.scoring import albums_of_sides, predict_albums
from albumnet.records import MoodVocabulary
from albumnet.training.assembly import choose_moods, train_model

MODELS = (("3", "regressed"), ("3", "decoded"), ("4", "regressed"), ("4", "decoded"))


def main() -> None:
    """Train and print the table."""
    arguments = _parse()
    album_set = AlbumSet(arguments.set)
    store = FeatureStore(album_set.features_dir(arguments.backbone))
    sides, _ = albums_of_sides(album_set, album_set.splits, store)
    test = sides["test"]
    print(f"{arguments.draws} draws of {arguments.share:.0%} of the moods, {len(test)} test albums, macro ROC-AUC")
    for model, space in MODELS:
        options = pipeline.training_options(album_set, model=model, space=space, backbone=arguments.backbone)
        moods = choose_moods(sides["train"], options)[0].names
        seen, unseen = [], []
        for draw in range(arguments.draws):
            order = np.random.default_rng(draw).permutation(len(moods))
            n_held_out = round(arguments.share * len(moods))
            held_out = MoodVocabulary(tuple(sorted(moods[m] for m in order[:n_held_out])))
            kept = tuple(sorted(moods[m] for m in order[n_held_out:]))
            trained = train_model(sides, store, options=replace(options, moods=kept)).model
            labels = embed_labels(held_out.names, options.vectors)
            features = store.read([album.cover or "" for album in test])
            near = trained.closeness_to(labels, features, [a.genres for a in test], [a.year for a in test])
            unseen.append(np.nanmean(roc_aucs(held_out.target([a.moods for a in test]), near)))
            target = MoodVocabulary(kept).target([a.moods for a in test])
            seen.append(np.nanmean(roc_aucs(target, predict_albums(trained, album_set, test, store))))
        print(
            f"model {model} ({space}): held out {np.mean(unseen):.3f} ({min(unseen):.3f} to {max(unseen):.3f}), "
            f"trained on {np.mean(seen):.3f}",
            flush=True,
        )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("set", type=Path)
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--share", type=float, default=0.15)
    return parser.parse_args()


if __name__ == "__main__":
    main()
