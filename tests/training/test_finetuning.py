"""Fine-tuning: what learns, what does not, and that it is all there after saving."""

from pathlib import Path

import numpy as np
import pytest
import torch

from albumnet import pipeline
from albumnet.errors import TrainingError
from albumnet.models.prediction import load_model
from albumnet.training import loop
from albumnet.training.assembly import TrainingOptions, save_run, train_model
from albumnet.training.finetuning import PixelFeatures
from albumnet.vision.decoding import decode_cover

OPTIONS = TrainingOptions(model="2", preset="quick", min_albums_per_mood=5, device="cpu")


@pytest.fixture
def read_pixels(pictured):
    def read(covers) -> torch.Tensor:
        data = [pictured.album_set.read_cover(cover) for cover in covers]
        return torch.from_numpy(np.stack([decode_cover(d, size=16, interpolation="bilinear") for d in data]))

    return read


@pytest.fixture
def unfreeze(make_backbone, read_pixels):
    """A backbone and its features with so many blocks learning."""

    def make(n_blocks: int = 1, *, is_pooled: bool = True) -> tuple[torch.nn.Module, PixelFeatures]:
        backbone = make_backbone()
        features = PixelFeatures(
            backbone, n_blocks=n_blocks, read_pixels=read_pixels, is_pooled=is_pooled, device="cpu"
        )
        return backbone.module, features

    return make


def fine_tune(pictured, features, **others):
    return train_model(pictured.sides, pictured.store, options=OPTIONS, fine_tuned=features, **others)


def test_only_the_last_blocks_parameters_change(pictured, unfreeze):
    module, features = unfreeze(1)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    fine_tune(pictured, features)
    changed = {name for name, tensor in module.state_dict().items() if not torch.equal(tensor, before[name])}
    # With fixed statistics batch norm does not swallow the convolution's bias, so all four learn.
    assert changed == {"stages.1.0.weight", "stages.1.0.bias", "stages.1.1.weight", "stages.1.1.bias"}


def test_batch_norm_keeps_its_statistics_and_stays_in_eval_mode(pictured, unfreeze):
    module, features = unfreeze(2)
    before = {name: tensor.clone() for name, tensor in module.named_buffers()}
    fine_tune(pictured, features)
    assert before
    for name, tensor in module.named_buffers():
        assert torch.equal(tensor, before[name]), name
    assert not any(part.training for part in module.modules())


def test_two_blocks_are_twice_as_many_parameters(unfreeze):
    assert [len(unfreeze(n)[1].parameters()) for n in (1, 2)] == [4, 8]


def test_without_training_the_features_are_those_that_are_stored(pictured, unfreeze):
    _, features = unfreeze(1, is_pooled=False)
    covers = [album.cover for album in pictured.album_set.albums]
    with torch.no_grad():
        fresh = features.of(covers).rows(torch.arange(len(covers)))
    stored = pictured.store.read(covers).reshape(len(covers), -1)
    np.testing.assert_allclose(fresh.numpy(), stored, atol=5e-3, rtol=2e-3)


def test_rows_do_not_depend_on_the_rows_beside_them(pictured, unfreeze):
    _, features = unfreeze(1)
    features.of([album.cover for album in pictured.album_set.albums])
    with torch.no_grad():
        torch.testing.assert_close(features.rows(torch.tensor([70])), features.rows(torch.arange(90))[70:71])


def test_saved_and_loaded_it_predicts_as_it_did_in_training(pictured, unfreeze, installed_backbone, tmp_path):
    module, features = unfreeze(1)
    trained = fine_tune(pictured, features)
    save_run(tmp_path, trained)
    loaded = load_model(tmp_path)
    assert loaded.config.n_fine_tuned == 1
    test = pictured.sides["test"]
    with torch.no_grad():
        rows = features.of([album.cover for album in test]).rows(torch.arange(len(test)))
        parts = trained.model.in_torch
        raw = parts.head(rows, torch.from_numpy(trained.model.config.metadata.encode_albums(test)))
    from_pixels = pipeline.predict_albums(loaded, pictured.album_set, test, None)
    np.testing.assert_allclose(from_pixels, torch.sigmoid(parts.calibration.logits(raw)).numpy(), atol=1e-6)
    for name, tensor in loaded.backbone.module.state_dict().items():
        assert torch.equal(tensor, module.state_dict()[name]), name


def test_a_run_holds_the_tuned_block_and_no_other(pictured, unfreeze):
    _, features = unfreeze(1)
    tuned = {name for name in fine_tune(pictured, features).tensors if name.startswith("backbone.")}
    assert tuned == {f"backbone.stages.1.{layer}.{part}" for layer in (0, 1) for part in ("weight", "bias")}


def test_the_loss_falls_further_than_with_cached_features(pictured, unfreeze):
    _, features = unfreeze(2)
    plain = train_model(pictured.sides, pictured.store, options=OPTIONS).history
    tuned = fine_tune(pictured, features).history
    assert tuned[3].train_loss < plain[3].train_loss


def test_killed_and_resumed_it_ends_the_same(pictured, unfreeze, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(loop, "TRAINING_PER_SAVING", 0)
    whole = fine_tune(pictured, unfreeze(1)[1])

    def interrupt(progress):
        if progress.done == 6:
            raise KeyboardInterrupt

    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KeyboardInterrupt):
        fine_tune(pictured, unfreeze(1)[1], checkpoint=checkpoint, progress=interrupt)
    resumed = fine_tune(pictured, unfreeze(1)[1], checkpoint=checkpoint)
    for name, tensor in whole.tensors.items():
        assert torch.equal(tensor, resumed.tensors[name]), name


@pytest.mark.parametrize("n_blocks", [0, 3])
def test_other_than_the_blocks_there_are_is_refused(unfreeze, n_blocks):
    with pytest.raises(TrainingError, match=f"--finetune {n_blocks}: tiny has 2 blocks"):
        unfreeze(n_blocks)
