"""Everything but training and explaining runs without torch: offline, with the model that comes along."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx2
import numpy as np
import pytest

from albumnet.dataset import AlbumSet

WITHOUT_TORCH = Path(__file__).parent / "without_torch"


@pytest.fixture(scope="module")
def environment():
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(WITHOUT_TORCH), os.environ.get("PYTHONPATH", "")]),
        # A process of the suite's own coverage or patches is none of a user's.
        "PYTHONNOUSERSITE": "1",
    }


@pytest.fixture(scope="module")
def light(environment):
    """Run a command as in a light install."""

    def run(*arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "albumnet", *map(str, arguments)],
            env=environment, capture_output=True, text=True, timeout=280,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def light_set(planted_table, light, tmp_path_factory):
    """A set imported and looked at without torch."""
    path = tmp_path_factory.mktemp("light") / "set"
    light("import", "table", planted_table, "--covers", planted_table.parent / "covers", "--out", path)
    assert "by ONNX Runtime" in light("features", path).stderr
    return path


@pytest.fixture(scope="module")
def cover(planted_table):
    return sorted((planted_table.parent / "covers").iterdir())[0]


def test_torch_is_hidden_and_the_network_out_of_reach(environment):
    code = (
        "import importlib.util, socket\n"
        "print(importlib.util.find_spec('torch'))\n"
        "try:\n    import torch\nexcept ModuleNotFoundError as error:\n    print(error.name)\n"
        "try:\n    socket.create_connection(('192.0.2.1', 80), timeout=1)\nexcept OSError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[:2] == ["None", "torch"]
    assert "the test is offline" in done.stdout


def test_predict_reads_a_cover_with_the_starter_model(light, cover):
    plain = light("predict", cover)
    assert "told" in plain.stdout
    (seen,) = json.loads(light("predict", cover, "--genre", "Jazz", "--year", 1959, "--json", "--top", 66).stdout)
    (other,) = json.loads(light("predict", cover, "--genre", "Black Metal", "--json", "--top", 66).stdout)
    of_jazz, of_metal = ({m["mood"]: m["probability"] for m in told["moods"]} for told in (seen, other))
    assert len(of_jazz) == 66
    assert of_metal["Heavy"] > of_jazz["Heavy"] + 0.1
    assert of_jazz["Warm"] > of_metal["Warm"]


def test_score_and_map_take_the_starter_model(light, light_set, tmp_path):
    light("score", light_set, "--model", "starter", "--out", tmp_path / "p.parquet")
    assert (tmp_path / "p.parquet").is_file()
    light("map", light_set, "--model", "starter", "--out", tmp_path / "map")
    assert (tmp_path / "map" / "config.json").is_file()


def test_serve_reads_an_uploaded_cover(environment, light_set, cover, tmp_path):
    command = [sys.executable, "-m", "albumnet", "serve", "--set", str(light_set), "--app-dir", str(tmp_path)]
    with subprocess.Popen(
        [*command, "--port", "0"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            address = re.fullmatch(r"AlbumNet is at (http://127\.0\.0\.1:\d+/)\n", line)[1]
            answer = httpx2.post(
                f"{address}api/predict", files={"file": ("cover.jpg", cover.read_bytes(), "image/jpeg")}, timeout=60
            )
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["moods"]) == 66
            assert answer.json()["place"]
            assert httpx2.get(address, timeout=60).status_code == 200
        finally:
            process.terminate()
            process.communicate(timeout=60)


def test_study_is_made_answered_and_reported(light, light_set, tmp_path):
    light("study", "create", light_set, "--covers", 5, "--repeats", 1, "--raters", "anna,ben", "--out", tmp_path / "s")
    light("study", "simulate", tmp_path / "s", "--raters", "anna,ben")
    assert "anna - ben" in light("study", "report", tmp_path / "s").stdout


def test_recommend_fits_and_answers(light, light_set, tmp_path):
    rng = np.random.default_rng(0)
    lines = ["user,album_id,artist,title,rating"]
    for user in range(12):
        rated = [album for album in AlbumSet(light_set).albums if rng.random() < 0.5]
        lines += [f"user{user},{album.album_id},,,{rng.choice([2, 3.5, 4, 5])}" for album in rated]
    (tmp_path / "ratings.csv").write_text("\n".join(lines) + "\n")
    light(
        "recommend",
        "fit",
        tmp_path / "ratings.csv",
        "--set",
        light_set,
        "--model",
        "starter",
        "--out",
        tmp_path / "rec",
    )
    answers = json.loads(light("recommend", "for", "user3", "--rec", tmp_path / "rec", "--top", 4, "--json").stdout)
    assert [each["rank"] for each in answers] == [1, 2, 3, 4]


def test_export_writes_the_starter_model(light, tmp_path, light_set):
    said = light("export", "starter", tmp_path / "starter.onnx", "--check-on", light_set)
    assert "by ONNX Runtime" in said.stderr


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("train", "SET", "--model", "1", "--out", "OUT"), "PyTorch"),
        (("crossvalidate", "SET", "--model", "1"), "PyTorch"),
        (("explain", "COVER", "--model", "starter", "--out", "OUT.png"), "torch"),
        (("see", "COVER"), "PyTorch"),
        (("features", "SET", "--backbone", "colour_statistics"), "PyTorch"),
        (("predict", "COVER", "--engine", "torch"), "torch"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_training_and_explaining_say_in_one_line_what_they_need(light, light_set, cover, tmp_path, arguments, what):
    places = {"SET": light_set, "COVER": cover, "OUT": tmp_path / "out", "OUT.png": tmp_path / "out.png"}
    said = light(*(places.get(word, word) for word in arguments), code=1)
    (line,) = said.stderr.splitlines()
    assert line.startswith("albumnet: ")
    assert what in line
    assert "pip install 'albumnet[train]'" in line
