"""Calibration: from closeness to a probability that means what it says."""

import pytest
import torch

from albumnet.models.calibration import ClosenessCalibration, fit_calibration, start_from_base_rates

N, M = 4000, 3


def draw(slope: float, *, n: int = N) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Closeness, targets drawn with this slope about each mood's mean closeness, and base rates."""
    generator = torch.Generator().manual_seed(1)
    closeness = torch.tensor([0.1, 0.3, 0.5]) + 0.15 * torch.randn(n, M, generator=generator)
    log_odds = torch.tensor([-2.0, -1.0, 0.0])
    probability = torch.sigmoid(slope * (closeness - closeness.mean(dim=0)) + log_odds)
    target = (torch.rand(n, M, generator=generator) < probability).float()
    return closeness, target, torch.sigmoid(log_odds)


def fit(closeness, target, base_rates):
    return fit_calibration(
        closeness, target, start=start_from_base_rates(closeness, base_rates), trust=10, is_slope_known=False
    )


@pytest.mark.parametrize("slope", [3.0, 8.0])
def test_calibration_recovers_the_slope_and_the_offsets(slope):
    closeness, target, base_rates = draw(slope)
    fitted = fit(closeness, target, base_rates)
    assert fitted.slope.item() == pytest.approx(slope, rel=0.1)
    torch.testing.assert_close(fitted.offset, torch.tensor([-2.0, -1.0, 0.0]), atol=0.15, rtol=0)


def test_mean_probability_is_the_share_of_albums_with_the_mood():
    closeness, target, base_rates = draw(5.0)
    probability = torch.sigmoid(fit(closeness, target, base_rates).logits(closeness))
    torch.testing.assert_close(probability.mean(dim=0), target.mean(dim=0), atol=0.01, rtol=0)


def test_nearer_is_never_less_likely_even_where_closeness_misleads():
    closeness, target, base_rates = draw(-5.0)
    fitted = fit(closeness, target, base_rates)
    assert fitted.slope >= 0
    logits = fitted.logits(torch.linspace(-1, 1, 50)[:, None].expand(50, M))
    assert (logits.diff(dim=0) >= 0).all()


def test_closeness_that_says_nothing_leaves_the_base_rates():
    closeness, _, base_rates = draw(1.0)
    target = (torch.rand(N, M, generator=torch.Generator().manual_seed(2)) < base_rates).float()
    probability = torch.sigmoid(fit(closeness, target, base_rates).logits(closeness))
    torch.testing.assert_close(probability, base_rates.expand(N, M), atol=0.03, rtol=0)


def test_a_few_albums_do_not_move_a_mood_far_from_its_base_rate():
    closeness = torch.zeros(3, M)
    target = torch.zeros(3, M)
    fitted = fit(closeness, target, torch.tensor([0.5, 0.5, 0.5]))
    assert (torch.sigmoid(fitted.offset) > 0.35).all()


def test_perfectly_separated_moods_give_finite_numbers():
    target = torch.eye(M).repeat(5, 1)
    fitted = fit(target * 0.5, target, torch.full((M,), 1 / 3))
    for tensor in vars(fitted).values():
        assert tensor.isfinite().all()
    assert torch.sigmoid(fitted.logits(target * 0.5)).isfinite().all()


def test_base_rates_of_nought_and_one_give_finite_numbers():
    closeness, target, _ = draw(3.0, n=50)
    fitted = fit(closeness, target, torch.tensor([0.0, 0.5, 1.0]))
    assert fitted.offset.isfinite().all()


def test_logits_that_are_too_sure_are_softened_and_right_ones_left_alone():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(N, M, generator=generator) - 1
    target = (torch.rand(N, M, generator=generator) < torch.sigmoid(logits)).float()
    around = torch.full((M,), -1.0)
    for factor in (1.0, 3.0):
        start = ClosenessCalibration(slope=torch.ones(()), centre=around * factor, offset=around)
        fitted = fit_calibration(factor * logits, target, start=start, trust=10, is_slope_known=True)
        assert fitted.slope.item() == pytest.approx(1 / factor, rel=0.1)


def test_a_known_slope_is_kept_where_a_few_albums_are_perfectly_separated():
    target = torch.eye(M).repeat(5, 1)
    start = ClosenessCalibration(slope=torch.ones(()), centre=torch.zeros(M), offset=torch.zeros(M))
    assert fit_calibration(4 * target - 2, target, start=start, trust=10, is_slope_known=True).slope < 2.5
