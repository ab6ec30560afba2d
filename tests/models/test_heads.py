"""What the head's own layers do, beside the models that are made of them (tests/contract/test_models.py)."""

import pytest
import torch

from albumnet.models.heads import Dropout

N, WIDTH = 200, 500


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_dropout_leaves_out_its_share_and_keeps_the_mean(share):
    torch.manual_seed(0)
    x = torch.ones(N, WIDTH, requires_grad=True)
    y = Dropout(share)(x)
    y.sum().backward()

    y = y.detach()
    left_out = (y == 0).float()
    assert float(left_out.mean()) == pytest.approx(share, abs=0.01)
    assert float(left_out.mean(dim=0).std()) == pytest.approx((share * (1 - share) / N) ** 0.5, rel=0.15), (
        "independent draws"
    )
    assert float(y.mean()) == pytest.approx(1, abs=0.02)
    assert torch.equal(x.grad, y), "what is left out learns nothing, the rest in proportion"


def test_dropout_outside_training_changes_nothing():
    x = torch.randn(3, 4)
    assert torch.equal(Dropout(0.5).eval()(x), x)


def test_dropout_repeats_itself_with_its_seed():
    x = torch.ones(N, WIDTH)
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(Dropout(0.5)(x))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
