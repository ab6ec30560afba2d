"""Commands that make and describe album sets: what they say where, how they end, and that they can be repeated."""

import shutil

import pytest

import audio_files
from albumnet.dataset import AlbumSet


@pytest.fixture
def imported(run, work, tmp_path):
    """Arguments that import the planted table anew."""
    return ("import", "table", work.table, "--covers", work.covers, "--out", tmp_path / "set")


def test_import_reports_on_stderr_and_leaves_stdout_to_results(run, imported, tmp_path):
    said = run(*imported)
    assert (said.code, said.out) == (0, "")
    assert f"{tmp_path / 'set'} written: 30 albums, 30 covers" in said.err
    assert len(AlbumSet(tmp_path / "set").albums) == 30


def test_an_import_run_again_changes_nothing(run, imported, tmp_path):
    run(*imported)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "set").rglob("*")}
    said = run(*imported)
    assert said.code == 0
    assert "is there already" in said.err
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "set").rglob("*")} == before


def test_another_import_into_the_same_folder_wants_force(run, work, imported, tmp_path):
    run(*imported)
    rows = work.table.read_text().splitlines()
    shorter = tmp_path / "albums.csv"
    shorter.write_text("\n".join(rows[:11]) + "\n")
    other = ("import", "table", shorter, *imported[3:])
    refused = run(*other)
    assert refused.code == 1
    assert "--force" in refused.error_line
    assert len(AlbumSet(tmp_path / "set").albums) == 30
    assert run(*other, "--force").code == 0
    assert len(AlbumSet(tmp_path / "set").albums) == 10


def test_a_missing_cover_is_listed_and_ends_with_3(run, work, imported, tmp_path):
    covers = shutil.copytree(work.covers, tmp_path / "covers")
    (covers / work.cover.name).unlink()
    said = run("import", "table", work.table, "--covers", covers, "--out", tmp_path / "set")
    assert said.code == 3
    assert "1 covers could not be used:" in said.err
    assert work.cover.name in said.err
    assert len(AlbumSet(tmp_path / "set").albums) == 30


def test_a_table_that_is_not_there_is_one_line(run, work, tmp_path):
    said = run("import", "table", tmp_path / "none.csv", "--covers", work.covers, "--out", tmp_path / "set")
    assert said.code == 1
    assert "none.csv" in said.error_line


def test_a_full_disk_while_importing_is_one_line_and_repeating_it_finishes(run, imported, full_disk, tmp_path):
    with full_disk():
        said = run(*imported)
    assert said.code == 1
    assert "the disk is full" in said.err.splitlines()[-1]
    assert "Traceback" not in said.err
    assert run(*imported).code == 0


def test_a_rename_that_is_none_is_wrong_usage(run, imported):
    said = run(*imported, "--rename", "mood")
    assert said.code == 2
    assert "'mood' is not of the form OLD=NEW" in said.err


@pytest.mark.parametrize("seed", ["-1", "99999999999999999999", "x"])
def test_a_seed_out_of_range_is_wrong_usage(run, imported, seed):
    assert run(*imported, "--seed", seed).code == 2


def test_a_folder_of_covers_with_a_table_beside_them_is_imported(run, work, tmp_path):
    folder = shutil.copytree(work.covers, tmp_path / "folder")
    text = work.table.read_text().replace(",cover\n", ",file_name\n", 1)
    (folder / "metadata.csv").write_text(text)
    assert run("import", "folder", folder, "--out", tmp_path / "set").code == 0
    assert len(AlbumSet(tmp_path / "set").albums) == 30


def test_a_music_library_is_imported_and_what_is_no_album_is_listed(run, tmp_path):
    (tmp_path / "music").mkdir()
    audio_files.write_flac(tmp_path / "music" / "1.flac", album="Low", mood="Warm")
    assert run("import", "library", tmp_path / "music", "--out", tmp_path / "set").code == 0
    (tmp_path / "music" / "2.mp3").write_bytes(b"broken")
    said = run("import", "library", tmp_path / "music", "--out", tmp_path / "set", "--force")
    assert said.code == 3
    assert "1 files and covers could not be used" in said.err
    assert len(AlbumSet(tmp_path / "set").albums) == 1


def test_card_is_a_result_and_goes_to_stdout(run, work):
    said = run("card", work.set)
    assert (said.code, said.err) == (0, "")
    assert said.out == (work.set / "card.md").read_text()


def test_card_of_no_set_is_one_line(run, tmp_path):
    said = run("card", tmp_path)
    assert (said.code, said.out) == (1, "")
    assert "is no album set" in said.error_line


def test_a_split_is_only_replaced_with_force(run, imported, tmp_path):
    run(*imported)
    path = tmp_path / "set" / "splits.parquet"
    before = path.read_bytes()
    refused = run("split", tmp_path / "set", "--seed", 5)
    assert refused.code == 1
    assert "--force" in refused.error_line
    assert path.read_bytes() == before
    assert run("split", tmp_path / "set", "--seed", 5, "--force").code == 0
    assert path.read_bytes() != before


def test_a_missing_option_is_wrong_usage(run, work):
    said = run("import", "table", work.table, "--covers", work.covers)
    assert said.code == 2
    assert "--out" in said.err
