import numpy as np
import pytest
import torch

from albumnet.explain.shares import PARTS, divide_log_odds
from albumnet.models.heads import pool
from untrained import MOODS, make_model

LINEAR = [("1", "small", ""), ("2", "small", ""), ("4", "small", "decoded"), ("metadata", "small", "")]
BENT = [("3", "small", ""), ("4", "small", "regressed"), ("2", "seed", "")]


def features_of(model):
    shape = model.backbone.feature_shape if model.kind.uses_cover else (0,)
    return np.random.default_rng(0).random(shape).astype(np.float32)


@pytest.mark.parametrize(("kind", "preset", "space"), [*LINEAR, *BENT])
def test_parts_add_up_to_what_is_predicted(kind, preset, space, monkeypatch):
    if preset == "seed":
        narrow(monkeypatch)
    model = make_model(kind, preset=preset, space=space)
    features = features_of(model)
    shares = divide_log_odds(model, features, genres=["Rock"], year=1975)
    predicted = model.probabilities(features[None] if model.kind.uses_cover else None, [["Rock"]], [1975])[0]
    total = shares.base + shares.parts.sum(axis=1)
    np.testing.assert_allclose(1 / (1 + np.exp(-total)), predicted, atol=1e-5)
    assert shares.parts.shape == (len(MOODS), len(PARTS))
    assert shares.is_exact == ((kind, preset, space) in LINEAR)


def narrow(monkeypatch):
    """The origin's layers, eight wide."""
    from dataclasses import replace

    from albumnet.models.presets import PRESETS

    monkeypatch.setitem(PRESETS, "seed", replace(PRESETS["seed"], cover_width=8, block_widths=(8, 8)))


def test_the_cover_s_part_of_a_linear_head_is_its_own_term():
    model = make_model("2")
    features = features_of(model)
    shares = divide_log_odds(model, features, genres=["Rock"], year=1975)
    pooled = pool(torch.from_numpy(features[None]), is_pooled=True)
    scaled = (pooled - model.in_torch.head.feature_mean) * model.in_torch.head.feature_scale
    own = scaled @ model.in_torch.head.output.weight[:, : scaled.shape[1]].T * model.in_torch.calibration.slope
    np.testing.assert_allclose(shares.parts[:, 0], own.detach().numpy()[0], rtol=1e-3, atol=1e-4)


def test_what_a_model_does_not_look_at_adds_nothing():
    shares = divide_log_odds(make_model("1"), features_of(make_model("1")), genres=["Rock"], year=1975)
    assert (shares.parts[:, 1:] == 0).all()
    shares = divide_log_odds(make_model("metadata"), None, genres=["Rock"], year=1975)
    assert (shares.parts[:, 0] == 0).all()
    assert (shares.parts[:, 1:] != 0).all()
