"""`albumnet map`: what it prints, writes, and says when it cannot."""

import pyarrow.parquet as pq
import pytest

from albumnet.dataset import AlbumSet
from albumnet.moodmap import layout, read_map
from albumnet.pipeline.drawing import file_name


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    monkeypatch.setattr(layout, "N_EARLY", 30)
    monkeypatch.setattr(layout, "N_LATE", 30)


def test_a_map_is_written_with_its_figures_and_its_atlas(run, work, tmp_path):
    model = tmp_path / "run"  # of more moods than the shared one, which has too few for a figure
    assert run("train", work.set, "--model", 2, "--out", model, "--min-albums-per-mood", 2).code == 0
    first, second = (album.album_id for album in AlbumSet(work.set).albums[:2])
    said = run(
        "map", work.set, "--model", model, "--out", tmp_path / "map", "--figure", first, "--figure", second,
        "--compare-with", model, "--atlas",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert said.out.startswith("30 albums by their moods, 100 numbers each\ntrustworthiness at 10: 0.")
    assert "laid out" in said.err
    assert len(read_map(tmp_path / "map").album_ids) == 30
    figures = {file.name for file in (tmp_path / "map" / "figures").iterdir()}
    assert figures == {f"{name}.{kind}" for name in (first, second, "comparison") for kind in ("svg", "png")}
    rows = pq.read_table(tmp_path / "map" / "atlas.parquet").to_pylist()
    assert rows[0]["image"]["bytes"].startswith(b"\xff\xd8\xff")
    assert len(rows[0]["neighbors"]["ids"]) == 15


def test_a_map_that_is_there_is_kept_and_another_is_refused(run, work, tmp_path):
    command = ("map", work.set, "--model", work.run, "--out", tmp_path / "map")
    assert run(*command).code == 0
    again = run(*command)
    assert (again.code, "lies there already" in again.err) == (0, True)
    assert "asked for is perplexity 5.0" in run(*command, "--perplexity", 5).error_line
    assert run(*command, "--perplexity", 5, "--force").code == 0


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--figure", "nobody"), "album 'nobody' is not among the 30"),
        (("--compare-with", "."), "is no run"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_line(run, work, tmp_path, options, line):
    said = run("map", work.set, "--model", work.run, "--out", tmp_path / "map", *options)
    assert said.code == 1
    assert line in said.err.splitlines()[-1]


def test_an_unknown_thing_to_lay_out_is_wrong_usage(run, work, tmp_path):
    assert run("map", work.set, "--model", work.run, "--out", tmp_path / "map", "--of", "smells").code == 2


def test_file_names_of_figures_stay_in_their_folder():
    assert file_name("6376604c35c4") == "6376604c35c4"
    assert "/" not in file_name("../../etc/passwd")
    assert file_name("a/b") != file_name("a_b")
    assert len(file_name("ö" * 500)) < 120
