"""An evaluation on disk: plain JSON, with null where a number is undefined."""

import json
from dataclasses import dataclass

import numpy as np

from albumnet.evaluation.reliability import measure_reliability
from albumnet.evaluation.result import write_evaluation


@dataclass(frozen=True)
class Nested:
    values: np.ndarray
    undefined: float
    names: tuple[str, ...]


def test_arrays_become_lists_and_undefined_numbers_null(tmp_path):
    path = tmp_path / "evaluation.json"
    write_evaluation(path, {"a": Nested(np.array([[1.5, np.nan]]), float("inf"), ("x", "y")), "n": np.int64(3)})
    assert json.loads(path.read_text()) == {
        "schema_version": 1,
        "a": {"values": [[1.5, None]], "undefined": None, "names": ["x", "y"]},
        "n": 3,
    }


def test_reliability_holds_the_prior_and_the_uncalibrated_beside_the_model():
    rng = np.random.default_rng(0)
    belief = rng.random((400, 5))
    target = (rng.random((400, 5)) < belief).astype(np.uint8)
    prior = np.tile(target.mean(axis=0), (400, 1))
    found = measure_reliability(target, belief, prior=prior, uncalibrated=belief**3)
    assert found.calibration_error < found.uncalibrated_error
    assert found.brier < found.prior_brier
    assert np.isnan(measure_reliability(target, belief, prior=prior).uncalibrated_error)
