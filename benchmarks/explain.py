"""Can a saliency map be believed: every method of attribution held against planted covers whose truth is known.

    python benchmarks/explain.py --work DIR [--backbone NAME] [--weights FILE] [--n-train 6000] [--n-choose 30]
                                 [--n-fresh 120] [--n-curves 30] [--methods hirescam,occlusion] [--seed 0]

A model 1 is trained on covers on which each mood is a thing at a place (`planted.objects`). On a second set of such
covers every method is scored and the best is chosen; on a third, fresh set the chosen one is scored again. Kept in DIR:
the planted album set, its features and the model, so that a second call goes straight to the scoring.

pointing   share of a cover's moods at whose thing the map's largest value lies, without tolerance; chance is the
           things' share of the cover
deletion   mean log-odds while the cover is blurred away, largest values first, less the same in random order
insertion  the same while it comes back
likeness   rank correlation with the map of the same network with all weights shuffled, mean over maps

Intervals are 95 %, over artists. The moods' average precision is that of the model on its own test side.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from albumnet import pipeline
from albumnet.dataset import AlbumSet
from albumnet.dataset.predictions import read_predictions
from albumnet.explain import belief
from albumnet.explain.attribution import METHODS, MoodScorer
from albumnet.features import extract_features
from albumnet.metrics import average_precisions, draw_resamples, interval, resample_mean
from albumnet.models.prediction import MoodModel, load_model
from albumnet.planted.objects import ObjectWorld, draw_object_world, write_objects
from albumnet.sources import import_table
from albumnet.vision.backbones import load_backbone
from albumnet.vision.decoding import decode_cover

BASELINES = ("random", "centre")
RELIABLE_AP = 0.95


@dataclass(frozen=True)
class Pair:
    """One mood on one cover of a planted world."""

    artist: str
    mood: str
    pixels: np.ndarray
    mask: np.ndarray


@dataclass
class Scores:
    """What one method got on every pair; curves are taken of the first pairs only."""

    hits: list[bool] = field(default_factory=list)
    deletions: list[float] = field(default_factory=list)
    insertions: list[float] = field(default_factory=list)
    likeness: list[float] = field(default_factory=list)
    seconds: float = 0.0


def main() -> None:
    """Train, choose, score the chosen one on fresh covers."""
    options = _parse()
    torch.set_num_threads(options.threads)
    model = _trained(options)
    reliable = _reliable_moods(model, options)
    print(f"{options.backbone}: {len(reliable)} moods with AP >= {RELIABLE_AP} there: {', '.join(reliable)}")
    methods = options.methods.split(",") if options.methods else list(METHODS)
    chooser = draw_object_world(n_albums=options.n_choose, rng=np.random.default_rng(options.seed + 1))
    pairs = list(_pairs(chooser, model))
    scores = _score(model, pairs, methods=methods, n_curves=options.n_curves, seed=options.seed)
    print(f"\nset to choose on: {options.n_choose} covers, {len(pairs)} moods on them")
    _print(scores, pairs, reliable)
    chosen = _choose(scores, methods)
    fresh = draw_object_world(n_albums=options.n_fresh, rng=np.random.default_rng(options.seed + 2))
    pairs = list(_pairs(fresh, model))
    scores = _score(model, pairs, methods=[chosen], n_curves=options.n_curves, seed=options.seed)
    print(f"\nfresh set, chosen method: {options.n_fresh} covers, {len(pairs)} moods on them")
    _print(scores, pairs, reliable)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--methods", default="")
    for name, default in (("train", 6000), ("choose", 30), ("fresh", 120), ("curves", 30)):
        parser.add_argument(f"--n-{name}", type=int, default=default)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def _trained(options: argparse.Namespace) -> MoodModel:
    work = options.work / f"{options.n_train}-{options.seed}"
    run = work / f"run-{options.backbone.replace(':', '-')}"
    if not (run / "config.json").is_file():
        if not (work / "set" / "albums.parquet").is_file():
            world = draw_object_world(n_albums=options.n_train, rng=np.random.default_rng(options.seed))
            table = write_objects(world, work / "world")
            import_table(table, work / "world" / "covers", out=work / "set", seed=options.seed)
        album_set = AlbumSet(work / "set")
        extract_features(album_set, load_backbone(options.backbone, weights=options.weights))
        how = pipeline.training_options(
            album_set, model="1", seed=options.seed, weights=options.weights, backbone=options.backbone
        )
        pipeline.train(album_set, run, options=how, backbone=options.backbone)
    return load_model(run, weights=options.weights)


def _reliable_moods(model: MoodModel, options: argparse.Namespace) -> tuple[str, ...]:
    run = options.work / f"{options.n_train}-{options.seed}" / f"run-{options.backbone.replace(':', '-')}"
    found = read_predictions(run / "predictions.parquet").of_side("test")
    moods_of = {album.album_id: album.moods for album in AlbumSet(Path(model.config.album_set)).albums}
    columns = [found.vocabulary.index(mood) for mood in model.config.moods]
    target = model.config.vocabulary.target([moods_of[album_id] for album_id in found.album_ids])
    precisions = average_precisions(target, found.probabilities[:, columns])
    print(
        "AP on the test side:", ", ".join(f"{m} {p:.3f}" for m, p in zip(model.config.moods, precisions, strict=True))
    )
    return tuple(m for m, p in zip(model.config.moods, precisions, strict=True) if p >= RELIABLE_AP)


def _pairs(world: ObjectWorld, model: MoodModel) -> Iterator[Pair]:
    transform = model.transform
    for n, album in enumerate(world.albums):
        pixels = decode_cover(world.draw(n), size=transform.size, interpolation=transform.interpolation)
        for mood in album.moods:
            yield Pair(album.artist or "", mood, pixels, world.mask(n, mood, side=transform.size))


def _score(model: MoodModel, pairs: list[Pair], *, methods: list[str], n_curves: int, seed: int) -> dict[str, Scores]:
    scorer = MoodScorer(model)
    forgetful = scorer.shuffled(rng=np.random.default_rng(seed))
    scores = {name: Scores() for name in (*BASELINES, *methods)}
    rng = np.random.default_rng(seed)
    for n, pair in enumerate(pairs):
        column = model.config.moods.index(pair.mood)
        direction = torch.zeros(len(model.config.moods))
        direction[column] = 1.0
        covers = scorer.normalise(pair.pixels[None])
        for name, scored in scores.items():
            start = time.perf_counter()
            if name in BASELINES:
                shape = pair.mask.shape
                values = belief.random_map(shape, rng=rng) if name == "random" else belief.centre_map(shape)
            else:
                values = METHODS[name].attribute(scorer, covers, direction)[0].numpy()
                scored.seconds += time.perf_counter() - start
                if n < n_curves:
                    other = METHODS[name].attribute(forgetful, covers, direction)[0].numpy()
                    scored.likeness.append(belief.likeness(values, other))
            scored.hits.append(belief.points_at(values, pair.mask))
            if n < n_curves:
                of_mood = scorer.score_of(direction)
                scored.deletions.append(belief.deletion_area(values, pair.pixels, score=of_mood))
                scored.insertions.append(belief.insertion_area(values, pair.pixels, score=of_mood))
    return scores


def _choose(scores: dict[str, Scores], methods: list[str]) -> str:
    """The method that points best, of those whose maps change when the network forgets."""
    honest = [name for name in methods if np.mean(scores[name].likeness) <= belief.MAX_LIKENESS]
    chosen = max(honest, key=lambda name: np.mean(scores[name].hits))
    print(f"\nchosen: {chosen}")
    return chosen


def _print(scores: dict[str, Scores], pairs: list[Pair], reliable: tuple[str, ...]) -> None:
    is_reliable = np.array([pair.mood in reliable for pair in pairs])
    chance = np.mean([pair.mask.mean() for pair in pairs])
    print(f"chance of pointing {chance:.3f}; {is_reliable.sum()} pairs of moods with AP >= {RELIABLE_AP}")
    print(
        "| method | pointing | pointing, reliable moods | deletion less random | insertion less random | likeness | s |"
    )
    print("| --- | --- | --- | --- | --- | ---: | ---: |")
    base = scores["random"]
    for name, scored in scores.items():
        hits = np.array(scored.hits, dtype=np.float64)
        curves = pairs[: len(scored.deletions)]
        cells = (
            METHODS[name].title if name in METHODS else name,
            _cell(hits, pairs),
            _cell(hits[is_reliable], [pair for pair, is_in in zip(pairs, is_reliable, strict=True) if is_in]),
            _cell(np.array(scored.deletions) - base.deletions, curves, sign="+"),
            _cell(np.array(scored.insertions) - base.insertions, curves, sign="+"),
            f"{np.mean(scored.likeness):.2f}" if scored.likeness else "",
            f"{scored.seconds / len(pairs):.2f}" if scored.seconds else "",
        )
        print(f"| {' | '.join(cells)} |", flush=True)


def _cell(values: np.ndarray, pairs: list[Pair], *, sign: str = "") -> str:
    artists = np.array([pair.artist for pair in pairs])
    if len(set(artists)) < 2:
        return "too few"
    resamples = draw_resamples(artists, n_resamples=1000, rng=np.random.default_rng(0))
    low, high = interval(values.mean(), resample_mean(values, resamples), n_groups=resamples.n_groups)
    return f"{values.mean():{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


if __name__ == "__main__":
    main()
