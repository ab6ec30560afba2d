"""Killed (-9) at random moments: every file is as it was or has all its moods, none is broken, all come back."""

import functools
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import real_audio
from albumnet.tagging import take_back
from albumnet.tagging.writing import TEMPORARY_PREFIX
from tagging.libraries import is_tagged, make_library

SCRIPT = Path(__file__).with_name("tag_and_be_killed.py")


def kill_after(seconds, what, music_dir, names):
    """Whether it was done before it could be killed."""
    command = [sys.executable, str(SCRIPT), what, str(music_dir), *names]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)  # the moment of the kill is what is drawn
        process.kill()
        return "done" in process.stdout.read()


def seconds_to_do(what, music_dir, names):
    command = [sys.executable, str(SCRIPT), what, str(music_dir), *names]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        start = time.monotonic()
        assert process.stdout.readline() == "done\n"
        return time.monotonic() - start


@functools.cache
def _decoded(content: bytes, suffix: str) -> str:
    """The sound of a file; the same bytes are decoded once."""
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(content)
        file.flush()
        return real_audio.sound_digest(Path(file.name))


def state_of(music, names):
    """All tags and the sound of each file."""
    return {
        name: (real_audio.all_tags(music / name), _decoded((music / name).read_bytes(), Path(name).suffix))
        for name in names
    }


def kill_often(tmp_path, *, n_kills, seed):
    """How often a kill left some files tagged and others not."""
    real_audio.need_ffmpeg()
    music = tmp_path / "music"
    names = make_library(music, n_albums=2)
    before = state_of(music, names)
    seconds = seconds_to_do("tag", music, names)
    seconds_back = seconds_to_do("undo", music, names)
    assert state_of(music, names) == before
    rng, n_halfway = random.Random(seed), 0
    for n in range(n_kills):
        what = "undo" if n % 4 == 3 else "tag"
        kill_after(rng.uniform(0, seconds_back if what == "undo" else seconds), what, music, names)
        tagged = [is_tagged(music / name, name) for name in names]
        n_halfway += 0 < sum(tagged) < len(names)
        for name, is_done in zip(names, tagged, strict=True):
            assert _decoded((music / name).read_bytes(), Path(name).suffix) == before[name][1], name
            assert is_done or real_audio.all_tags(music / name) == before[name][0], name
        if n % 2:
            assert take_back(music, names).failures == []
            assert state_of(music, names) == before
            assert not list(music.rglob(f"{TEMPORARY_PREFIX}*"))
    return n_halfway


def test_a_few_kills_break_nothing(tmp_path):
    kill_often(tmp_path, n_kills=4, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_hundred_kills_break_nothing(tmp_path):
    n_halfway = kill_often(tmp_path, n_kills=100, seed=2)
    print(f"100 kills, {n_halfway} of them halfway")
    assert n_halfway >= 20  # how many is a matter of how steady the machine is
