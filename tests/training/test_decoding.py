"""The repaired mood space: decoded vectors say what the logits said, and lie as widely as true ones."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from albumnet.models.heads import HeadShape, MoodHead, closeness
from albumnet.models.presets import MODELS, PRESETS
from albumnet.training.decoding import decode_head
from albumnet.training.smoothing import smoothing_of_moods, smoothing_of_ranks

N, D, M, E = 400, 6, 5, 20


@pytest.fixture(scope="module")
def decoded():
    """A head with made-up weights, decoded among five labels that have much in common."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.nn.functional.normalize(2 + torch.randn(M, E, generator=generator), dim=1)
    features, metadata = torch.randn(N, D, generator=generator), torch.randn(N, 2, generator=generator)
    head = MoodHead(MODELS["2"], PRESETS["small"], HeadShape(D, 2, M, 0)).eval()
    with torch.no_grad():
        head.output.weight.copy_(torch.randn(head.output.weight.shape, generator=generator))
        head.output.bias.copy_(torch.randn(M, generator=generator))
        vector_head, calibration = decode_head(head, kind=MODELS["4"], preset=PRESETS["small"], labels=labels)
        return head(features, metadata), vector_head(features, metadata), calibration, labels


def test_dot_products_are_nearly_the_logits_that_the_vectors_were_decoded_from(decoded):
    logits, vectors, calibration, labels = decoded
    assert vectors.shape == (N, E)
    again = calibration.logits(closeness(vectors, labels, kind=MODELS["4"], space="decoded"))
    assert np.corrcoef(logits.ravel(), again.ravel())[0, 1] > 0.99


def test_the_nearest_mood_is_the_likeliest(decoded):
    logits, vectors, _, labels = decoded
    assert ((vectors @ labels.T).argmax(dim=1) == logits.argmax(dim=1)).float().mean() > 0.9


def test_vectors_do_not_crowd_one_point_though_the_labels_nearly_do(decoded):
    _, vectors, _, labels = decoded
    assert torch.nn.functional.normalize(vectors, dim=1).mean(dim=0).norm() < 0.5 * labels.mean(dim=0).norm()


def test_each_slot_is_decoded_from_its_rank_and_a_mood_is_as_likely_as_at_all_ranks_together():
    generator = torch.Generator().manual_seed(0)
    labels = torch.nn.functional.normalize(2 + torch.randn(M, E, generator=generator), dim=1)
    features, metadata = torch.randn(N, D, generator=generator), torch.randn(N, 2, generator=generator)
    head = MoodHead(replace(MODELS["3"], output="ranks"), PRESETS["small"], HeadShape(D, 2, M, 0)).eval()
    with torch.no_grad():
        head.output.weight.copy_(torch.randn(head.output.weight.shape, generator=generator))
        head.output.bias.copy_(torch.randn(5 * M, generator=generator))
        slots, calibration = decode_head(head, kind=MODELS["3"], preset=PRESETS["small"], labels=labels)
        logits, vectors = head(features, metadata), slots(features, metadata)
        again = calibration.logits(closeness(vectors, labels, kind=MODELS["3"], space="decoded"))
    assert logits.shape == (N, 5, M)
    assert vectors.shape == (N, 5, E)
    for rank in range(5):
        products = vectors[:, rank] @ labels.T
        assert np.corrcoef(logits[:, rank].ravel(), products.ravel())[0, 1] > 0.99
    assert np.corrcoef(logits.exp().sum(dim=1).log().ravel(), again.ravel())[0, 1] > 0.98


def test_ranks_learn_from_each_other_as_much_as_they_share():
    root = smoothing_of_ranks(0.9).double()
    torch.testing.assert_close(root @ root, 0.1 * torch.eye(5, dtype=torch.float64) + 0.9, rtol=1e-5, atol=1e-5)


def test_smoothing_ties_moods_that_occur_together_and_parts_those_that_exclude_each_other():
    first = (torch.rand(500, generator=torch.Generator().manual_seed(0)) < 0.3).float()
    target = torch.stack([first, first, 1 - first], dim=1)
    target[:20] = torch.rand(20, 3, generator=torch.Generator().manual_seed(1)).round()
    smoothing = smoothing_of_moods(target, 0.9)
    assert smoothing[0, 1] > 0.3 * smoothing[0, 0]
    assert smoothing[0, 2] < -0.3 * smoothing[0, 0]


def test_no_smoothing_only_weighs_moods_by_how_much_they_vary():
    target = (torch.rand(300, 3, generator=torch.Generator().manual_seed(0)) < torch.tensor([0.1, 0.3, 0.5])).float()
    expected = torch.diag(1 / target.std(dim=0, correction=0))
    torch.testing.assert_close(smoothing_of_moods(target, 0.0), expected, rtol=1e-4, atol=1e-4)


def test_folding_the_smoothing_changes_no_output():
    torch.manual_seed(0)
    head = MoodHead(MODELS["2"], PRESETS["small"], HeadShape(D, 2, M, 0)).eval()
    features, metadata = torch.randn(7, D), torch.randn(7, 2)
    head.smooth_outputs(torch.randn(M, M))
    with torch.no_grad():
        before = head(features, metadata)
        head.fold_smoothing()
        torch.testing.assert_close(head(features, metadata), before, rtol=1e-5, atol=1e-5)
    assert head.smoothing is None
