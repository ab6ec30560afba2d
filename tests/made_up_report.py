"""A made-up run with everything that a report can show, small enough to read."""

import dataclasses
import io

import numpy as np
from PIL import Image

from albumnet.dataset import FeatureManifest
from albumnet.models.metadata import fit_metadata
from albumnet.models.mood_sets import MoodSets
from albumnet.models.run import Epoch, RunConfig
from albumnet.records import Album
from albumnet.report import Predicted, ReportSource, parse_findings, render_report

# More than the five that are listed, so that lists miss something; nothing is known of the last.
MOODS = ("Bleak", "Calm", "Playful", "Angry", "Lush", "Sparse", "Tense", "Warm")
HISTORY = tuple(
    Epoch(0.0, strength, epoch, 3.0 / epoch, 2.0 + abs(epoch - 4) / 10 + 100 * strength, 0.1)
    for strength in (0.001, 0.003)
    for epoch in range(1, 7)
)


def estimate(value, spread=0.05):
    return {"value": value, "low": value - spread, "high": value + spread}


UNDEFINED = {"value": None, "low": None, "high": None}


def make_content():
    """evaluation.json of a model in the mood space, beside one baseline."""
    metrics = {"macro_roc_auc": 0.7123, "macro_ap": 0.3, "coverage_error": 33.71, "a_new_metric": 0.5}
    return {
        "title": "model 4: one mood vector",
        "evaluated_on": "the test side of records",
        "n_passed_over": 0,
        "table": {
            "n_albums": 8,
            "n_artists": 6,
            "n_moods": 7,
            "left_out_moods": ["Warm"],
            "n_resamples": 200,
            "rows": [
                {"name": "model", "title": "model 4", "scores": {m: estimate(v) for m, v in metrics.items()}},
                {"name": "prior", "title": "prior", "scores": {m: estimate(v / 2) for m, v in metrics.items()}},
            ],
            "differences": [
                {
                    "first": "model", "second": "prior", "metric": metric,
                    "difference": estimate(0.1), "p": 0.01, "p_holm": 0.0213 if metric.startswith("macro") else None,
                }
                for metric in metrics
            ],
            "moods": [
                {
                    "mood": mood, "n_albums": 8 - m, "third": ("common", "middle", "rare")[m // 3],
                    "average_precision": estimate(0.4) if m < 7 else UNDEFINED,
                    "roc_auc": estimate(0.6 + m / 100) if m < 7 else UNDEFINED,
                    "lift": 1.5 if m < 7 else None,
                }
                for m, mood in enumerate(MOODS)
            ],
        },
        "seeds": {"macro_roc_auc": [0.7123, 0.7001], "macro_ap": [0.3, 0.31]},
        "coverage": {
            "stated": 0.8, "reached": 0.7612, "mean_size": 4.25, "prior_size": 6, "cannot_tell": 0.125,
        },
        "collapse": {
            "spread": 0.05, "true_spread": 0.25, "spread_ratio": 0.2, "hubness": 1.7, "true_hubness": 1.5,
            "commonest_share": 0.99, "true_commonest_share": 0.45,
        },
        "reliability": {
            "calibration_error": 0.0123, "brier": 0.0786, "prior_brier": 0.0846,
            "uncalibrated_error": None, "uncalibrated_brier": None,
            "curve": {"mean_probability": [0.1, 0.2, 0.4], "observed_rate": [0.12, 0.18, 0.5], "counts": [9, 9, 8]},
        },
        "alarms": [
            {
                "check": "same artist", "statistic": 1.0, "p_value": None, "fired": True,
                "pairs": [{"held_out": 1, "reference": 0, "closeness": 1.0}],
                "message": "1 artist is on two sides: somebody; split the set again",
            }
        ],
        "album_ids": ["t0", "a0"],
        "conclusion": ["No evidence that the cover adds to genre and year: -0.012 macro ROC-AUC.", "LEAK: 1 artist."],
        "made_from": {"albums": "a" * 16, "vocabulary": "v" * 16, "run": "r" * 16},
    }  # fmt: skip


def make_albums():
    return [Album(f"a{n}", f"artist {n}", f"title {n}", moods=MOODS[n % 3 : n], cover=f"{n:064x}") for n in range(8)]


def make_config(albums):
    said = {
        "model": "4", "preset": "small", "seed": 0, "moods": MOODS, "base_rates": (0.25,) * 8, "strength": 0.003,
        "left_out_moods": {"Wry": 11}, "min_albums_per_mood": 30, "metadata": fit_metadata(albums),
        "backbone": FeatureManifest("efficientnet_lite0", "w" * 16, "t" * 12, (1280,), {"channels": "RGB"}),
        "n_fine_tuned": 0, "embedding_size": 4, "album_set": "/somewhere/records", "albums_digest": "a" * 16,
        "sizes": {"train": 40, "valid": 9}, "mood_sets": MoodSets(0.8, 0.5, 6),
    }  # fmt: skip
    # What a run has not is "" in its config.
    return RunConfig(**{column.name: said.get(column.name, "") for column in dataclasses.fields(RunConfig)})


def read_cover(cover):
    """Every cover is a picture of its own colour."""
    file = io.BytesIO()
    Image.new("RGB", (300, 300), (30 * int(cover, 16), 90, 120)).save(file, "JPEG")
    return file.getvalue()


def make_source(*, content, albums, config):
    """All of it as a report takes it; what the model said is drawn at random."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(8, 4))
    return ReportSource(
        run_name="R4",
        config=config,
        findings=parse_findings(content),
        history=HISTORY,
        albums={album.album_id: album for album in albums},
        predicted=Predicted(
            albums=albums,
            moods=MOODS,
            target=config.vocabulary.target([album.moods for album in albums]),
            probabilities=rng.random((8, 8)),
        ),
        label_vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        read_cover=read_cover,
    )


def render(source):
    return render_report(source, rng=np.random.default_rng(0))
