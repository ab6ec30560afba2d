"""`albumnet serve` from start to Ctrl-C."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from audio_files import write_flac


def test_a_port_that_is_taken_is_said_in_one_line(run, work, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = run("serve", "--model", work.run, "--port", port, "--app-dir", tmp_path)
    assert said.code == 1
    assert f"port {port} is taken" in said.error_line


def test_an_address_of_another_machine_is_said_in_one_line(run, work, tmp_path):
    said = run("serve", "--model", work.run, "--host", "192.0.2.1", "--port", 0, "--app-dir", tmp_path)
    assert said.code == 1
    assert "--host" in said.error_line


@pytest.mark.parametrize(
    ("given", "expected"),
    [(("--model", "none"), "--set"), (("--set", "nowhere"), "album set"), (("--model", "nowhere"), "no run")],
    ids=["nothing", "set", "model"],
)
def test_what_cannot_be_served_is_said_in_one_line(run, given, expected, tmp_path):
    said = run("serve", *given, "--port", 0, "--app-dir", tmp_path)
    assert said.code == 1
    assert expected in said.error_line


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_it_says_where_it_is_warns_beyond_loopback_and_ends_cleanly(work, tmp_path, host):
    command = (sys.executable, "-m", "albumnet", "serve", "--set", work.set, "--app-dir", tmp_path)
    with subprocess.Popen(
        [*map(str, command), "--host", host, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        port = re.fullmatch(rf"AlbumNet is at http://{host}:(\d+)/\n", line)[1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert ("can be reached from other machines" in said) == (host == "0.0.0.0")


def test_a_folder_of_music_is_served_with_its_map(work, tmp_path):
    pytest.importorskip("mutagen", reason="reads audio files")
    covers = sorted(work.covers.iterdir())
    for n in range(6):
        folder = tmp_path / "music" / f"{n}"
        folder.mkdir(parents=True)
        (folder / "cover.jpg").write_bytes(covers[n].read_bytes())
        write_flac(folder / "1.flac", artist=f"Artist {n}", album=f"Album {n}", title="One", date="1971")
    (tmp_path / "music" / "broken.mp3").write_bytes(b"no audio")
    command = (
        sys.executable,
        "-m",
        "albumnet",
        "serve",
        "--library",
        tmp_path / "music",
        "--app-dir",
        tmp_path / "app",
    )
    with subprocess.Popen(
        [*map(str, command), "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            address = re.fullmatch(r"AlbumNet is at (http\S+)\n", process.stdout.readline())[1]
            with urllib.request.urlopen(f"{address}health", timeout=30) as answer:
                state = json.load(answer)
        finally:
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert state["albums"] == 6
    assert "left out" in said
    assert "broken.mp3" in said


def test_a_set_and_a_folder_of_music_are_not_both_served(run, work, tmp_path):
    assert run("serve", "--set", work.set, "--library", tmp_path).code == 2
