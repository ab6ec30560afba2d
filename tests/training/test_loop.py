"""Training: what it keeps, when it stops, and that a training cut off continues as if it had not been."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import nn

from albumnet.errors import RunError, TrainingError
from albumnet.models.heads import HeadShape
from albumnet.models.presets import PRESETS, get_model
from albumnet.training import loop
from albumnet.training.data import TrainingData
from albumnet.training.loop import evaluate_loss, train_head
from albumnet.training.losses import top_mood_columns

N, M, D, K = 40, 3, 5, 4
SHAPE = HeadShape(feature_dim=D, metadata_dim=K, n_moods=M, embedding_size=2)


class ScaledFeatures:
    """Features in memory, times a number that learns: the smallest backbone there is."""

    def __init__(self, features: torch.Tensor, *, learns: bool) -> None:
        self.features = features
        self.scale = nn.Parameter(torch.tensor([1.0]), requires_grad=learns)

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        return self.features[indices] * self.scale

    @property
    def is_at_hand(self) -> bool:
        return not self.scale.requires_grad

    def parameters(self) -> Sequence[nn.Parameter]:
        return (self.scale,) if self.scale.requires_grad else ()


def draw_data(*, n_train: int = 30, learns: bool = False) -> TrainingData:
    generator = torch.Generator().manual_seed(0)
    target = (torch.rand(N, M, generator=generator) < 0.5).float()
    inputs = target @ torch.randn(M, D + K, generator=generator) + torch.randn(N, D + K, generator=generator)
    return TrainingData(
        features=ScaledFeatures(inputs[:, :D], learns=learns),
        metadata=inputs[:, D:],
        target=target,
        top_moods=top_mood_columns(target),
        labels=nn.functional.normalize(torch.randn(M, 2, generator=generator), dim=1),
        train=torch.arange(n_train),
        valid=torch.arange(n_train, N),
    )


def fit(data=None, *, model="2", preset="quick", seed=0, **options):
    preset = PRESETS[preset] if isinstance(preset, str) else preset
    return train_head(data or draw_data(), kind=get_model(model), preset=preset, shape=SHAPE, seed=seed, **options)


def losses(history):
    return [(e.smoothing, e.strength, e.epoch, e.train_loss, e.valid_loss) for e in history]


def test_history_has_a_row_per_epoch_of_every_strength():
    preset = replace(PRESETS["quick"], patience=99)
    _, history, _ = fit(preset=preset)
    assert [(e.strength, e.epoch) for e in history] == [(s, n) for s in preset.strengths for n in (1, 2, 3, 4)]
    assert all(e.seconds > 0 for e in history)


def test_strength_with_the_lowest_validation_loss_is_kept():
    preset = replace(PRESETS["quick"], strengths=(100.0, 1e-3, 30.0), max_epochs=8)
    _, history, kept = fit(preset=preset)
    assert kept.strength == min(history, key=lambda e: e.valid_loss).strength == 1e-3


def draw_twelve(*, inputs_say_the_same: bool) -> TrainingData:
    """Twelve moods that occur together, because the inputs tell the same of each, or for a reason no input tells."""
    generator = torch.Generator().manual_seed(0)
    belief = torch.randn(700, 1 if inputs_say_the_same else 12, generator=generator)
    inputs = belief @ torch.randn(belief.shape[1], 12, generator=generator) + torch.randn(700, 12, generator=generator)
    reason = torch.zeros(1) if inputs_say_the_same else torch.randn(700, 1, generator=generator)
    target = (belief + 2 * reason + 0.3 * torch.randn(700, 12, generator=generator) > 1).float()
    return TrainingData(
        features=ScaledFeatures(inputs[:, :D], learns=False),
        metadata=inputs[:, D:],
        target=target,
        top_moods=top_mood_columns(target),
        labels=torch.empty(12, 0),
        train=torch.arange(150),
        valid=torch.arange(150, 700),
    )


@pytest.mark.parametrize(("inputs_say_the_same", "smoothing"), [(True, 0.95), (False, 0.0)])
def test_moods_learn_from_each_other_only_where_that_helps_on_the_validation_side(inputs_say_the_same, smoothing):
    data = draw_twelve(inputs_say_the_same=inputs_say_the_same)
    preset = replace(PRESETS["quick"], smoothings=(0.95, 0.0), strengths=(1e-3, 1e-2, 0.1), max_epochs=30, patience=30)
    shape = HeadShape(feature_dim=D, metadata_dim=12 - D, n_moods=12, embedding_size=0)
    head, history, kept = train_head(data, kind=get_model("2"), preset=preset, shape=shape, seed=0)
    assert kept.smoothing == smoothing
    best = min(history, key=lambda e: e.valid_loss)
    assert (best.smoothing, best.strength) == (kept.smoothing, kept.strength)
    # What was kept is what is given back, though another smoothing was tried last.
    assert evaluate_loss(head, data, data.valid, device="cpu") == pytest.approx(best.valid_loss, rel=1e-5)


def test_through_the_pixels_only_the_first_smoothing_is_tried():
    preset = replace(PRESETS["quick"], smoothings=(0.5, 0.0))
    _, cached, _ = fit(preset=preset)
    _, learned, _ = fit(draw_data(learns=True), preset=preset)
    assert {e.smoothing for e in cached} == {0.5, 0.0}
    assert {e.smoothing for e in learned} == {0.5}


def test_models_without_logits_are_not_smoothed():
    _, history, kept = fit(model="4", preset=replace(PRESETS["quick"], smoothings=(0.5, 0.0)))
    assert {e.smoothing for e in history} == {0.0}
    assert kept.smoothing == 0


def test_weights_of_the_best_epoch_are_given_back():
    data = draw_data()
    preset = replace(PRESETS["quick"], strengths=(0.0,), max_epochs=40, patience=40, learning_rate=0.3)
    head, history, _ = fit(data, preset=preset)
    best = min(e.valid_loss for e in history)
    assert best < history[-1].valid_loss
    assert evaluate_loss(head, data, data.valid, device="cpu") == pytest.approx(best, rel=1e-6)


def test_training_stops_when_patience_is_at_an_end():
    preset = replace(PRESETS["quick"], strengths=(0.0,), max_epochs=60, patience=3, learning_rate=0.3)
    _, history, _ = fit(preset=preset)
    best = min(history, key=lambda e: e.valid_loss).epoch
    assert history[-1].epoch == best + 3
    assert history[-1].epoch < 60


def test_head_comes_back_ready_to_predict():
    head, _, _ = fit(preset="deep")
    assert not head.training


def test_history_losses_leave_the_penalty_out():
    _, history, _ = fit(preset=replace(PRESETS["quick"], strengths=(1e3,), max_epochs=1))
    # Three moods at a coin's toss each cost at most a little over 3 log 2.
    assert history[0].train_loss < 3


def test_every_trial_starts_from_the_same_weights():
    preset = replace(PRESETS["deep"], strengths=(0.0, 0.0), dropout=0.0, batch_size=30)
    data = draw_data(learns=True)
    _, history, _ = fit(data, preset=preset)
    first, second = ([e.valid_loss for e in history[n : n + 1]] for n in (0, len(history) // 2))
    # Albums come in another order, which changes sums of floats only in their last bits.
    assert first == pytest.approx(second, rel=1e-4)


def test_progress_tells_model_strength_epoch_and_both_losses():
    told = []
    _, history, _ = fit(progress=told.append)
    assert len(told) == len(history)
    assert [step.done for step in told][:3] == [1, 2, 3]
    assert told[-1].total == 8
    last = history[-1]
    assert told[-1].note == (
        f"model 2, strength {last.strength:g}, epoch {last.epoch}: "
        f"train {last.train_loss:.4f}, valid {last.valid_loss:.4f}"
    )


def test_a_constant_feature_is_left_out_and_not_divided_by_zero():
    data = draw_data()
    data.features.features[:, 0] = 3.0
    head, _, _ = fit(data)
    assert head.feature_scale[0] == 0
    assert head.feature_scale.isfinite().all()


def test_inputs_are_standardised_by_the_training_rows_alone():
    data = draw_data()
    data.features.features[30:] += 1e3
    head, _, _ = fit(data)
    torch.testing.assert_close(head.feature_mean, data.features.features[:30].mean(dim=0))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_features_that_are_no_numbers_end_training_in_words(value):
    data = draw_data()
    data.features.features[7, 2] = value
    with pytest.raises(TrainingError, match=r"epoch 1 ends with a training loss of nan .*not numbers"):
        fit(data)


def test_a_validation_loss_that_is_no_number_is_told_as_such():
    data = draw_data()
    data.features.features[35, 2] = float("nan")
    with pytest.raises(TrainingError, match="a validation loss of nan"):
        fit(data)


@pytest.mark.parametrize(("n_train", "counts"), [(0, "0 training and 40"), (N, "40 training and 0 validation")])
def test_an_empty_side_ends_training_with_the_counts(n_train, counts):
    with pytest.raises(TrainingError, match=counts):
        fit(draw_data(n_train=n_train))


class Kill(BaseException):
    """No kind of Exception, as with a kill there is none to catch."""


def stop_at(n: int):
    """A listener that ends the process, as it were, when told of the n-th epoch."""
    told = []

    def listen(progress) -> None:
        told.append(progress)
        if len(told) == n:
            raise Kill

    return listen


# Four epochs per trial at most: 1 is before any checkpoint, 2 and 3 are in the first, 5 begins the second strength, 9
# the second smoothing, which only models of logits try.
@pytest.mark.parametrize(
    ("model", "preset", "learns", "epoch"),
    [("1", "quick", False, n) for n in (1, 2, 5, 7, 9, 11)] + [("3", "deep", True, n) for n in (1, 2, 4, 5, 7)],
)
def test_a_training_killed_and_resumed_ends_as_one_that_was_not(tmp_path, monkeypatch, epoch, model, preset, learns):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(loop, "TRAINING_PER_SAVING", 0)
    preset = replace(PRESETS[preset], smoothings=(0.5, 0.0), patience=99)
    whole_data, data = draw_data(learns=learns), draw_data(learns=learns)
    whole, whole_history, whole_kept = fit(whole_data, model=model, preset=preset)
    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Kill):
        fit(data, model=model, preset=preset, checkpoint=checkpoint, progress=stop_at(epoch))
    told = []
    fresh = draw_data(learns=learns)
    resumed, history, kept = fit(fresh, model=model, preset=preset, checkpoint=checkpoint, progress=told.append)
    assert len(told) == len(whole_history) - (epoch - 1)
    assert losses(history) == losses(whole_history)
    assert kept == whole_kept
    assert torch.equal(fresh.features.scale, whole_data.features.scale)
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_a_training_may_be_killed_at_every_epoch_and_still_ends_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(loop, "TRAINING_PER_SAVING", 0)
    whole, whole_history, _ = fit(preset="deep")
    checkpoint = tmp_path / "checkpoint.safetensors"
    for _ in whole_history[1:]:
        with pytest.raises(Kill):
            fit(preset="deep", checkpoint=checkpoint, progress=stop_at(2))
    resumed, history, _ = fit(preset="deep", checkpoint=checkpoint)
    assert losses(history) == losses(whole_history)
    assert torch.equal(whole.output.weight, resumed.output.weight)


def test_a_training_that_had_ended_is_not_repeated(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(loop, "TRAINING_PER_SAVING", 0)
    checkpoint = tmp_path / "checkpoint.safetensors"
    whole, whole_history, _ = fit(checkpoint=checkpoint)
    told = []
    resumed, history, _ = fit(checkpoint=checkpoint, progress=told.append)
    assert told == []
    assert history == whole_history
    assert torch.equal(whole.output.weight, resumed.output.weight)


def test_the_first_epoch_is_kept_at_once_and_the_next_ones_not_too_often(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(loop, "save_checkpoint", lambda path, state, **_: saved.append(len(state.history)))
    fit(checkpoint=tmp_path / "checkpoint.safetensors")
    assert saved == [1]


def test_a_checkpoint_of_something_else_is_refused_by_name(tmp_path):
    checkpoint = tmp_path / "checkpoint.safetensors"
    fit(checkpoint=checkpoint, identity="these albums")
    with pytest.raises(RunError, match=r"checkpoint\.safetensors was left by a training on other data .*--force"):
        fit(checkpoint=checkpoint, identity="those albums")


def test_a_checkpoint_that_is_none_is_refused_by_name(tmp_path):
    checkpoint = tmp_path / "checkpoint.safetensors"
    checkpoint.write_bytes(b"not a checkpoint")
    with pytest.raises(RunError, match=r"cannot continue from .*checkpoint\.safetensors.*--force"):
        fit(checkpoint=checkpoint)


def test_a_full_disk_leaves_the_last_checkpoint_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(loop, "TRAINING_PER_SAVING", 0)
    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Kill):
        fit(checkpoint=checkpoint, progress=stop_at(2))
    before = checkpoint.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        fit(checkpoint=checkpoint)
    assert checkpoint.read_bytes() == before
    assert list(tmp_path.iterdir()) == [checkpoint]


needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def on_gpu(data):
    data.features.features = data.features.features.cuda()
    data.features.scale.data = data.features.scale.data.cuda()
    return data


@needs_gpu
@pytest.mark.parametrize("learns", [False, True])
@pytest.mark.parametrize("model", ["1", "2", "3", "4"])
@pytest.mark.parametrize("name", ["quick", "small", "deep"])
def test_a_gpu_takes_the_steps_of_the_processor(model, name, learns):
    # Three whole batches and a part: the step is recorded in the second epoch.
    preset = replace(PRESETS[name], max_epochs=4, dropout=0.0, batch_size=9)
    options = {"model": model, "preset": preset, "precision": "float32"}
    _, wanted, kept = fit(draw_data(learns=learns), **options)
    head, found, kept_here = fit(on_gpu(draw_data(learns=learns)), device="cuda", **options)
    if name == "deep":
        # Batch norm over a rest of three rows makes 3 % of a millionth within four epochs, on one processor too.
        wanted, found = ([epoch for epoch in history if epoch.epoch == 1] for history in (wanted, found))
    else:
        assert kept == kept_here
    for here, there in zip(found, wanted, strict=True):
        assert (here.train_loss, here.valid_loss) == pytest.approx((there.train_loss, there.valid_loss), rel=1e-3)
    assert all(parameter.is_cuda for parameter in head.parameters())


@needs_gpu
@pytest.mark.parametrize("name", ["small", "deep"])
def test_recorded_steps_are_those_that_are_not_recorded(name, monkeypatch):
    options = {"preset": replace(PRESETS[name], max_epochs=4, dropout=0.0, batch_size=9), "device": "cuda"}
    _, recorded, _ = fit(on_gpu(draw_data()), **options)
    monkeypatch.setattr(ScaledFeatures, "is_at_hand", False)
    _, wanted, _ = fit(on_gpu(draw_data()), **options)
    assert losses(recorded) == losses(wanted)


@needs_gpu
def test_one_seed_gives_one_training_on_a_gpu_with_dropout_and_after_a_kill(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    options = {"preset": replace(PRESETS["deep"], max_epochs=5, batch_size=9), "device": "cuda"}
    _, wanted, _ = fit(on_gpu(draw_data()), **options)
    assert losses(fit(on_gpu(draw_data()), **options)[1]) == losses(wanted)
    checkpoint = tmp_path / "checkpoint"
    with pytest.raises(Kill):
        fit(on_gpu(draw_data()), checkpoint=checkpoint, progress=stop_at(3), **options)
    resumed = losses(fit(on_gpu(draw_data()), checkpoint=checkpoint, **options)[1])
    assert resumed == [pytest.approx(epoch, rel=1e-3) for epoch in losses(wanted)]
