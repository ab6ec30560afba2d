"""What every model keeps to with every preset; a new one of either is tested by being registered."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import nn

from albumnet.errors import TrainingError
from albumnet.models.heads import Dense, Dropout, HeadShape, MoodHead, closeness
from albumnet.models.presets import MODELS, PRESETS, Preset, get_model, get_preset
from albumnet.training.data import TrainingData
from albumnet.training.loop import train_head
from albumnet.training.losses import top_mood_columns

N, M, D, K, E = 24, 4, 10, 6, 8
SHAPE = HeadShape(feature_dim=D, metadata_dim=K, n_moods=M, embedding_size=E)

every_model = pytest.mark.parametrize("kind", MODELS.values(), ids=list(MODELS))
every_preset = pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))


class MemoryFeatures:
    def __init__(self, features: torch.Tensor) -> None:
        self.features = features

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        return self.features[indices]

    def parameters(self) -> Sequence[nn.Parameter]:
        return ()


@pytest.fixture(autouse=True)
def one_thread():
    """Layers this narrow only wait for a second thread, and on a busy machine they wait long."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


def shrink(preset: Preset, *, n_epochs: int = 3) -> Preset:
    """The same layers, narrow enough to train in a blink."""
    return replace(
        preset,
        cover_width=preset.cover_width and 16,
        block_widths=tuple(16 for _ in preset.block_widths),
        strengths=preset.strengths[:2],
        learning_rate=1e-2,
        batch_size=8,
        max_epochs=n_epochs,
        patience=n_epochs,
    )


def draw_data(*, n_train: int = 16) -> TrainingData:
    """Albums whose cover features and metadata follow their moods."""
    generator = torch.Generator().manual_seed(7)
    relevance = torch.rand(N, M, generator=generator)
    relevance = relevance * (relevance > 0.4)
    relevance[relevance.sum(dim=1) == 0, 0] = 1.0
    target = (relevance > 0).float()
    mixing = torch.randn(M, D + K, generator=generator)
    inputs = target @ mixing + 0.1 * torch.randn(N, D + K, generator=generator)
    return TrainingData(
        features=MemoryFeatures(inputs[:, :D]),
        metadata=inputs[:, D:],
        target=target,
        top_moods=top_mood_columns(relevance),
        labels=nn.functional.normalize(torch.randn(M, E, generator=generator), dim=1),
        train=torch.arange(n_train),
        valid=torch.arange(n_train, N),
    )


def fit(kind, preset, *, seed=0, data=None, n_epochs=3):
    small = shrink(preset, n_epochs=n_epochs)
    return train_head(data or draw_data(), kind=kind, preset=small, shape=SHAPE, seed=seed)


def score(head: MoodHead, data: TrainingData, rows: torch.Tensor) -> torch.Tensor:
    """One number per mood, as prediction makes it of the head's output."""
    with torch.no_grad():
        raw = head.eval()(data.features.rows(rows), data.metadata[rows])
    return closeness(raw, data.labels, kind=head.kind) if head.kind.uses_vectors else raw


@every_model
@every_preset
def test_head_gives_what_its_kind_says(kind, preset):
    head = MoodHead(kind, shrink(preset), SHAPE).eval()
    wanted = {"logits": (3, M), "slots": (3, 5, E), "vector": (3, E)}[kind.output]
    assert head(torch.randn(3, D), torch.randn(3, K)).shape == wanted


@every_model
@every_preset
def test_model_gives_one_finite_score_per_mood(kind, preset):
    data = draw_data()
    scores = score(MoodHead(kind, shrink(preset), SHAPE), data, torch.arange(5))
    assert scores.shape == (5, M)
    assert scores.isfinite().all()


@every_model
@every_preset
def test_head_looks_at_what_its_kind_says_and_at_nothing_else(kind, preset):
    head = MoodHead(kind, shrink(preset), SHAPE).eval()
    cover, metadata = torch.randn(2, D), torch.randn(2, K)
    with torch.no_grad():
        plain = head(cover, metadata)
        assert torch.equal(head(cover + 1, metadata), plain) != kind.uses_cover
        assert torch.equal(head(cover, metadata + 1), plain) != kind.uses_metadata


@every_model
@every_preset
def test_predictions_do_not_depend_on_batch_size(kind, preset):
    data = draw_data()
    head, _, _ = fit(kind, preset, data=data)
    whole = score(head, data, torch.arange(N))
    alone = torch.cat([score(head, data, torch.tensor([n])) for n in range(N)])
    in_fives = torch.cat([score(head, data, rows) for rows in torch.arange(N).split(5)])
    torch.testing.assert_close(alone, whole, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(in_fives, whole, rtol=1e-5, atol=1e-5)


@every_model
@every_preset
def test_loss_falls_on_16_covers(kind, preset):
    _, history, _ = fit(kind, preset, n_epochs=20)
    first = history[0].smoothing, history[0].strength
    first_trial = [epoch.train_loss for epoch in history if (epoch.smoothing, epoch.strength) == first]
    assert first_trial[-1] < 0.9 * first_trial[0]


@every_model
@every_preset
def test_one_seed_gives_one_set_of_weights_whatever_was_drawn_before(kind, preset):
    first, first_history, _ = fit(kind, preset, seed=3)
    torch.rand(17)
    second, second_history, _ = fit(kind, preset, seed=3)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name]), name
    assert [e.valid_loss for e in first_history] == [e.valid_loss for e in second_history]


@every_model
@every_preset
def test_another_seed_gives_other_weights(kind, preset):
    first, _, _ = fit(kind, preset, seed=3)
    other, _, _ = fit(kind, preset, seed=4)
    assert not torch.equal(first.output.weight, other.output.weight)


@every_model
@every_preset
def test_a_single_training_album_is_enough_or_refused_in_words(kind, preset):
    data = draw_data(n_train=1)
    if preset.block_widths:
        with pytest.raises(TrainingError, match="1 training and 23 validation albums"):
            fit(kind, preset, data=data)
    else:
        assert fit(kind, preset, data=data)[1]


def layers_of(module: nn.Module) -> list[str]:
    """Layers with their sizes, in order."""
    named = {
        Dense: lambda layer: f"FC {layer.in_features}->{layer.out_features}",
        Dropout: lambda layer: f"Dropout {layer.p}",
        nn.BatchNorm1d: lambda layer: f"BatchNorm {layer.num_features}",
    }
    leaves = [layer for layer in module.modules() if not list(layer.children())]
    return [named.get(type(layer), lambda layer: type(layer).__name__)(layer) for layer in leaves]


def test_seed_preset_has_the_layers_of_the_origin():
    shape = HeadShape(feature_dim=512 * 7 * 7, metadata_dim=85, n_moods=167, embedding_size=300)
    block = ["ReLU", "BatchNorm 4096", "Dropout 0.5", "FC 4096->4096", "ReLU", "BatchNorm 4096", "Dropout 0.5"]
    outputs = {"1": 167, "2": 167, "3": 5 * 300, "4": 300}
    for name, n_outputs in outputs.items():
        first_in = 4096 if name == "1" else 4096 + 85
        # On the meta device: 137 million weights each are looked at, not made.
        with torch.device("meta"):
            head = MoodHead(get_model(name), get_preset("seed"), shape)
        assert layers_of(head.first) == ["FC 25088->4096", "ReLU"]
        assert layers_of(head.blocks) == [f"FC {first_in}->4096", *block]
        assert layers_of(head.output) == [f"FC 4096->{n_outputs}"]


def test_seed_preset_takes_features_as_the_backbone_gives_them():
    assert not get_preset("seed").is_pooled
    assert get_preset("seed").cover_scale is None


@pytest.mark.parametrize("get", [get_model, get_preset])
def test_an_unknown_name_is_answered_with_the_known_ones(get):
    with pytest.raises(TrainingError, match=r"no (model|preset) 'tall'; there are .*(4, metadata|seed, small)"):
        get("tall")
