import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from albumnet.errors import ExplainError
from albumnet.explain.attribution import DEFAULT_METHOD, METHODS, MoodScorer, get_method
from albumnet.vision.backbones import load_backbone
from untrained import MOODS, direction_of, make_model

SIGNED = [name for name, method in METHODS.items() if method.is_signed]


@pytest.fixture(scope="module")
def transformer(tmp_path_factory):
    """timm's smallest vision transformer with random weights."""
    path = tmp_path_factory.mktemp("weights") / "vit.safetensors"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import timm

        torch.manual_seed(0)
        tensors = timm.create_model("test_vit.r160_in1k").state_dict()
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
        return load_backbone("timm:test_vit.r160_in1k", weights=path)


@pytest.mark.parametrize("name", METHODS)
def test_a_map_has_a_finite_value_per_pixel(name, scorer, pixels):
    values = get_method(name).attribute(scorer, scorer.normalise(pixels[None]), direction_of("Playful"))
    assert values.shape == (1, 224, 224)
    assert torch.isfinite(values).all()
    assert values.std() > 0


@pytest.mark.parametrize("name", SIGNED)
def test_the_map_of_a_difference_is_the_difference_of_maps(name, scorer, pixels):
    covers, attribute = scorer.normalise(pixels[None]), get_method(name).attribute
    one, other = direction_of("Playful"), direction_of("Bleak")
    apart = attribute(scorer, covers, one) - attribute(scorer, covers, other)
    together = attribute(scorer, covers, one - other)
    torch.testing.assert_close(together, apart, atol=1e-5 * float(apart.abs().max()) + 1e-7, rtol=1e-2)


def test_hirescam_adds_up_to_half_of_what_the_roots_of_the_features_add(scorer, pixels):
    covers = scorer.normalise(pixels[None])
    values = get_method("hirescam").attribute(scorer, covers, direction_of("Playful"))
    with torch.no_grad():
        features = scorer.module(covers)
        roots = features.sign() * features.abs().sqrt()
        weights = scorer.head.output.weight[MOODS.index("Playful")] * scorer.head.feature_scale
        added = float(scorer.model.in_torch.calibration.slope * (roots @ weights))
    # A root's slope times its argument is half of it; enlarging the grids keeps their sums nearly.
    assert float(values.sum()) == pytest.approx(added / 2, rel=0.05, abs=0.02)


def test_occlusion_finds_the_only_place_that_counts(scorer):
    class Watcher:
        def fast_logits(self, covers):
            return covers[:, 0, 56:112, 112:168].mean(dim=(1, 2))[:, None].repeat(1, 2)

    covers = torch.zeros(1, 3, 224, 224)
    covers[:, :, 56:112, 112:168] = 1.0
    values = get_method("occlusion").attribute(Watcher(), covers, torch.tensor([1.0, 0.0]))[0]
    row, column = divmod(int(values.argmax()), 224)
    assert 56 <= row < 112
    assert 112 <= column < 168


def test_pixel_methods_agree_with_captum(scorer, pixels):
    captum = pytest.importorskip("captum.attr")
    from albumnet.explain.attribution.gradients import N_STEPS

    covers = scorer.normalise(pixels[None])
    mood = MOODS.index("Playful")
    theirs = captum.Saliency(scorer.logits).attribute(covers.clone().requires_grad_(), target=mood, abs=True)
    ours = get_method("gradient").attribute(scorer, covers, direction_of("Playful"))
    torch.testing.assert_close(ours, theirs.amax(dim=1), rtol=1e-3, atol=1e-6)
    start = covers.mean(dim=(2, 3), keepdim=True).expand_as(covers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = captum.IntegratedGradients(scorer.logits).attribute(
            covers, baselines=start, target=mood, n_steps=N_STEPS, method="riemann_middle", internal_batch_size=4
        )
    ours = get_method("integrated_gradients").attribute(scorer, covers, direction_of("Playful"))
    torch.testing.assert_close(ours, theirs.sum(dim=1).float(), rtol=1e-2, atol=1e-4 * float(ours.abs().max()))


def test_guided_backprop_agrees_with_captum_on_a_network_of_modules():
    captum = pytest.importorskip("captum.attr")
    from torch import nn

    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 16, len(MOODS))]
    network = nn.Sequential(*layers)

    class Plain:
        backbone = load_backbone("efficientnet_lite0")
        logits = staticmethod(network)

    covers = torch.randn(1, 3, 8, 8)
    ours = get_method("guided_backprop").attribute(Plain(), covers, direction_of("Playful"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        guided = captum.GuidedBackprop(network)
        theirs = guided.attribute(covers.clone().requires_grad_(), target=MOODS.index("Playful"))
    torch.testing.assert_close(ours, theirs.abs().amax(dim=1))


@pytest.mark.parametrize("name", ["hirescam", "gradient", "occlusion"])
def test_a_vision_transformer_can_be_explained(name, transformer):
    scorer = MoodScorer(make_model("1", backbone=transformer))
    size = transformer.transform.size
    pixels = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    values = get_method(name).attribute(scorer, scorer.normalise(pixels), direction_of("Bleak"))
    assert values.shape == (1, size, size)
    assert values.std() > 0


def test_guided_backprop_refuses_a_network_without_relus(transformer):
    scorer = MoodScorer(make_model("1", backbone=transformer))
    covers = torch.randn(1, 3, transformer.transform.size, transformer.transform.size)
    with pytest.raises(ExplainError, match="no ReLU"):
        get_method("guided_backprop").attribute(scorer, covers, direction_of("Bleak"))


@pytest.mark.parametrize(("name", "said"), [("gradient", "no gradients"), ("hirescam", "no grid")])
def test_a_backbone_that_cannot_be_explained_so_says_what_to_do(name, said):
    scorer = MoodScorer(make_model("1", backbone=load_backbone("colour_statistics")))
    with pytest.raises(ExplainError, match=said):
        get_method(name).attribute(scorer, torch.rand(1, 3, 64, 64), direction_of("Bleak"))


def test_occlusion_needs_neither_gradients_nor_grids():
    scorer = MoodScorer(make_model("1", backbone=load_backbone("colour_statistics")))
    values = get_method("occlusion").attribute(scorer, torch.rand(1, 3, 64, 64), direction_of("Bleak"))
    assert torch.isfinite(values).all()


def test_an_unknown_method_is_told_from_the_known_ones():
    with pytest.raises(ExplainError, match="hirescam"):
        get_method("tea leaves")


def test_the_default_method_is_one_of_them():
    assert DEFAULT_METHOD in METHODS
