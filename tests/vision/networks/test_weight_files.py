"""Weights from files into arrays; a file that asks for anything else is refused and runs nothing."""

import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from albumnet.errors import WeightsError
from albumnet.vision.networks.efficientnet_lite0 import find_weights
from albumnet.vision.networks.weight_files import read_legacy_checkpoint, read_safetensors


def save_legacy(content, path):
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return path


def test_a_legacy_file_gives_the_arrays_that_were_saved_in_their_order(tmp_path):
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    saved = OrderedDict(
        z=base,
        view=base[1:3, ::2],
        turned=base.T,
        half=torch.ones(3).half(),
        count=torch.tensor(7),
        none=torch.empty(0),
    )
    found = read_legacy_checkpoint(save_legacy(saved, tmp_path / "w.pth"))
    assert list(found) == list(saved)
    for name, tensor in saved.items():
        assert found[name].dtype == tensor.numpy().dtype
        np.testing.assert_array_equal(found[name], tensor.numpy(), strict=True)


def test_the_packaged_weights_are_those_that_torch_reads():
    path = find_weights()
    wanted = torch.load(path, map_location="cpu", weights_only=True)
    found = read_legacy_checkpoint(path)
    assert list(found) == list(wanted)
    for name, tensor in wanted.items():
        np.testing.assert_array_equal(found[name], tensor.numpy(), strict=True)


class Command:
    """Unpickled by an ordinary reader, it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_file_that_asks_for_more_than_arrays_is_refused_and_does_nothing(tmp_path):
    path = save_legacy({"weight": torch.ones(2), "trap": Command(tmp_path / "made")}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"no plain file of weights \(it asks for posix.mkdir\)"):
        read_legacy_checkpoint(path)
    assert not (tmp_path / "made").exists()


def test_a_pickle_alone_is_refused_and_does_nothing(tmp_path):
    (tmp_path / "w.pth").write_bytes(pickle.dumps(Command(tmp_path / "made")))
    with pytest.raises(WeightsError, match="no plain file of weights"):
        read_legacy_checkpoint(tmp_path / "w.pth")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("kept", [0, 1, 20, 400, -1])
def test_a_file_that_was_cut_off_is_one_line(tmp_path, kept):
    path = save_legacy({"weight": torch.ones(200)}, tmp_path / "w.pth")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(WeightsError, match="install its package again"):
        read_legacy_checkpoint(path)


def test_a_file_of_the_newer_format_is_one_line(tmp_path):
    torch.save({"weight": torch.ones(2)}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match="no plain file of weights"):
        read_legacy_checkpoint(tmp_path / "w.pth")


def test_safetensors_come_as_float32_with_their_metadata(tmp_path):
    save_file({"half": torch.ones(2).half(), "count": torch.tensor(3)}, tmp_path / "w.safetensors", {"convention": "x"})
    arrays, metadata = read_safetensors(tmp_path / "w.safetensors")
    assert arrays["half"].dtype == np.float32
    assert arrays["count"] == 3
    assert metadata == {"convention": "x"}
