"""The head in numpy gives what the trained one gives in torch."""

import numpy as np
import pytest
import torch

from albumnet.models import heads, plain_head
from albumnet.models.heads import HeadShape, MoodHead
from albumnet.models.plain_head import PlainHead
from albumnet.models.presets import MODELS, PRESETS

SHAPE = HeadShape(feature_dim=12, metadata_dim=5, n_moods=4, embedding_size=6)
RNG = np.random.default_rng(0)


def random_head(kind, preset):
    """A head whose batch norm has seen data."""
    torch.manual_seed(0)
    head = MoodHead(kind, preset, SHAPE).eval()
    state = {
        name: torch.rand_like(tensor) + 0.5 if tensor.is_floating_point() else tensor
        for name, tensor in head.state_dict().items()
    }
    head.load_state_dict(state)
    return head, {name: tensor.numpy() for name, tensor in state.items()}


@pytest.mark.usefixtures("quick_presets")
@pytest.mark.parametrize("preset", ["quick", "deep"])
@pytest.mark.parametrize("name", MODELS)
def test_plain_head_gives_what_the_torch_head_gives(name, preset):
    kind = MODELS[name]
    head, arrays = random_head(kind, PRESETS[preset])
    features, metadata = RNG.normal(size=(7, 12)).astype(np.float32), RNG.normal(size=(7, 5)).astype(np.float32)
    with torch.no_grad():
        wanted = head(torch.from_numpy(features), torch.from_numpy(metadata)).numpy()
    np.testing.assert_allclose(PlainHead(kind, arrays)(features, metadata), wanted, rtol=1e-4)


@pytest.mark.parametrize("space", ["regressed", "decoded"])
@pytest.mark.parametrize("name", ["3", "4"])
def test_closeness_is_that_of_torch(name, space):
    raw = RNG.normal(size=(7, 5, 6) if name == "3" else (7, 6)).astype(np.float32)
    labels = plain_head.normalise_rows(RNG.normal(size=(4, 6)).astype(np.float32))
    wanted = heads.closeness(torch.from_numpy(raw), torch.from_numpy(labels), kind=MODELS[name], space=space).numpy()
    found = plain_head.closeness(raw, labels, kind=MODELS[name], space=space)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 12), (3, 4, 2, 2)])
@pytest.mark.parametrize("is_pooled", [True, False])
def test_pooling_is_that_of_torch(shape, is_pooled):
    features = RNG.normal(size=shape).astype(np.float16)
    wanted = heads.pool(torch.from_numpy(features).float(), is_pooled=is_pooled).numpy()
    found = plain_head.pool(features, is_pooled=is_pooled)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert found.dtype == np.float32
    assert found.shape[1] == plain_head.pooled_dim(shape[1:], is_pooled=is_pooled)


def test_sigmoid_is_quiet_and_right_at_the_ends():
    found = plain_head.sigmoid(np.array([-1e4, 0, 1e4], np.float32))
    assert found.tolist() == [0.0, 0.5, 1.0]
