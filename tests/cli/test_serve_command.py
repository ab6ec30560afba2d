"""`albumnet serve` from start to Ctrl-C."""

import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest


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
