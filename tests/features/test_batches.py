"""Covers decoded ahead by threads and by processes: the same pixels, in order, and nothing left behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from albumnet.dataset import AlbumSet
from albumnet.dataset.covers import find_cover, read_cover
from albumnet.errors import FeatureStoreError
from albumnet.features import decoders
from albumnet.features.batches import decoded_batches
from albumnet.vision.decoding import decode_cover
from albumnet.vision.transform import Transform

TRANSFORM = Transform(32, "bicubic", "RGB", (0.0,) * 3, (255.0,) * 3)


@pytest.fixture
def covers(planted_set):
    return list(dict.fromkeys(album.cover for album in planted_set.albums))


@pytest.fixture
def album_set_copy(planted_set, tmp_path):
    return AlbumSet(shutil.copytree(planted_set.path, tmp_path / "set"))


@pytest.fixture
def processes(monkeypatch):
    """From here on processes decode, however few cores and covers there are."""
    monkeypatch.setattr(decoders, "THREADS_UP_TO", 0)
    monkeypatch.setattr(decoders, "_FEWEST_FOR_PROCESSES", 0)


def batches(covers_dir, covers, *, failures=None, **options):
    options = {"batch_size": 9, "n_workers": 2, **options}
    return decoded_batches(
        covers, read_cover=partial(read_cover, covers_dir), transform=TRANSFORM,
        failures=[] if failures is None else failures, **options,
    )  # fmt: skip


def check_all(planted_set, covers, **options):
    seen = []
    for names, pixels in batches(planted_set.covers_dir, covers, **options):
        for name, one in zip(names, pixels, strict=True):
            np.testing.assert_array_equal(one, decode_cover(planted_set.read_cover(name), size=32))
        seen += names
    assert seen == covers


@pytest.mark.parametrize("n_workers", [0, 1, 3])
def test_pixels_come_in_order_and_are_those_of_their_covers(planted_set, covers, n_workers):
    check_all(planted_set, covers, n_workers=n_workers)


def test_processes_give_the_same(planted_set, covers, processes):
    check_all(planted_set, covers)


def test_a_caller_may_look_at_as_many_batches_as_it_said(planted_set, covers):
    held = []
    for names, pixels in batches(planted_set.covers_dir, covers, n_held=3, batch_size=4):
        held = [*held[-2:], (names, pixels)]
        for earlier, there in held:
            for name, one in zip(earlier, there, strict=True):
                np.testing.assert_array_equal(one, decode_cover(planted_set.read_cover(name), size=32))


@pytest.mark.parametrize("is_shared", [False, True])
def test_covers_that_cannot_be_used_are_left_out_and_told(album_set_copy, covers, is_shared, request):
    if is_shared:
        request.getfixturevalue("processes")
    # All of one batch, and one of another.
    bad = [*covers[9:18], covers[30]]
    for cover in bad:
        find_cover(album_set_copy.covers_dir, cover).write_bytes(b"no picture")
    failures = []
    told = list(batches(album_set_copy.covers_dir, covers, failures=failures))
    assert all(len(names) == len(pixels) > 0 for names, pixels in told)
    assert [name for names, _ in told for name in names] == [cover for cover in covers if cover not in bad]
    assert [failure.cover for failure in failures] == bad
    assert "not a picture" in failures[0].reason


def test_a_decoding_process_that_dies_is_told_of_in_one_line(planted_set, covers, processes, monkeypatch):
    started = []
    begin = decoders._Process.__init__
    monkeypatch.setattr(
        decoders._Process, "__init__", lambda self, *args: (begin(self, *args), started.append(self))[0]
    )
    running = batches(planted_set.covers_dir, covers, batch_size=2)
    next(running)
    for process in started:
        process._popen.kill()
    with pytest.raises(FeatureStoreError, match=r"a process that decodes covers is gone.*run the same command again"):
        list(running)


def test_who_stops_early_hears_nothing_more(planted_set, covers, processes, capfd):
    running = batches(planted_set.covers_dir, covers * 20, batch_size=30)
    next(running)
    running.close()
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_no_process_outlives_one_that_was_killed(planted_set, covers):
    script = (
        "import os, sys, time\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from functools import partial\n"
        "from pathlib import Path\n"
        "from albumnet.dataset.covers import read_cover\n"
        "from albumnet.features import batches, decoders\n"
        "from albumnet.vision.transform import Transform\n"
        "decoders.THREADS_UP_TO = decoders._FEWEST_FOR_PROCESSES = 0\n"
        "begin = decoders._Process.__init__\n"
        "def tell(self, *args):\n"
        "    begin(self, *args)\n"
        "    print(self._popen.pid, flush=True)\n"
        "decoders._Process.__init__ = tell\n"
        "running = batches.decoded_batches(\n"
        "    sys.argv[2:], read_cover=partial(read_cover, Path(sys.argv[1])), failures=[], batch_size=2, n_workers=2,\n"
        "    transform=Transform(32, 'bicubic', 'RGB', (0.0,) * 3, (255.0,) * 3))\n"
        "next(running)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, os.fspath(planted_set.covers_dir), *covers]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as leading:
        pids = [int(line) for line in iter(leading.stdout.readline, "ready\n")]
        leading.send_signal(signal.SIGKILL)
    assert len(pids) == 2
    end = time.monotonic() + 20
    while any(is_running(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [pid for pid in pids if is_running(pid)]


def is_running(pid: int) -> bool:
    """Zombies, which nobody may have waited for, are not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
