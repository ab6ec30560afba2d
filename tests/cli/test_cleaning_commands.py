"""`clean` as a person uses it."""

import pytest

from albumnet.dataset import AlbumSet

FEW = ("--min-albums-per-mood", 2)


@pytest.fixture
def cleaned(run, work, tmp_path):
    assert run("clean", work.set, "--out", tmp_path / "clean", *FEW).code == 0
    return tmp_path / "clean"


def test_clean_prints_what_came_of_the_albums_and_where_to_read_more(run, work, tmp_path):
    said = run("clean", work.set, "--out", tmp_path / "clean", "--min-side", 500, "--keep", "too-small", *FEW)
    assert said.code == 0
    assert "too-small: kept" in said.out
    assert "cleaning.md" in said.err
    assert len(AlbumSet(tmp_path / "clean").albums) == 30


def test_cleaning_again_says_that_it_is_there_already(run, work, cleaned):
    assert "is there already" in run("clean", work.set, "--out", cleaned, *FEW).err


def test_explain_is_a_result(run, work, cleaned):
    album = AlbumSet(work.set).albums[0]
    said = run("clean", cleaned, "--explain", album.album_id)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"{album.album_id}: {album.title}")


def test_explain_of_a_set_that_was_not_cleaned_is_one_line(run, work):
    said = run("clean", work.set, "--explain", "x")
    assert said.code == 1
    assert "holds no flags.parquet" in said.error_line


def test_an_unknown_rule_is_wrong_usage(run, work, tmp_path):
    said = run("clean", work.set, "--out", tmp_path / "clean", "--keep", "ugly")
    assert said.code == 2
    assert "'ugly' is not one of no-cover" in said.err


def test_clean_without_out_is_wrong_usage(run, work):
    assert run("clean", work.set).code == 2


def test_proposed_synonyms_can_be_passed_back(run, work, cleaned, tmp_path):
    said = run("clean", work.set, "--out", tmp_path / "merged", "--merge-moods", cleaned / "synonyms.csv", *FEW)
    assert said.code == 0
