"""Exports: what is in them, what is not, and that they can be read back."""

import csv
import json

import pyarrow.parquet as pq
import pytest

from albumnet.dataset import AlbumSet
from albumnet.dataset.album_set import write_album_set
from albumnet.dataset.export import COVERS, KINDS, export_set
from albumnet.errors import AlbumSetError
from albumnet.records import Album, build_vocabulary
from albumnet.sources import import_folder, import_table


def essentials(album_set):
    return {
        album.title: (album.artist, album.moods, album.genres, album.year, album.cover) for album in album_set.albums
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("covers", COVERS)
def test_every_export_has_a_card_all_albums_and_only_the_covers_asked_for(planted_set, tmp_path, kind, covers):
    done = export_set(planted_set, out=tmp_path, kind=kind, covers=covers)
    assert done.albums == len(planted_set.albums)
    pictures = [path for path in tmp_path.rglob("*") if path.suffix == ".jpg"]
    assert bool(pictures) == (covers == "files")
    card = (tmp_path / "README.md").read_text("utf-8")
    assert card.startswith("---\nlicense: other\n")
    assert "## Provenance" in card


def test_a_csv_with_covers_is_read_back_the_same(planted_set, tmp_path):
    export_set(planted_set, out=tmp_path / "out", kind="csv", covers="files")
    again = import_table(tmp_path / "out" / "albums.csv", tmp_path / "out" / "covers", out=tmp_path / "set")
    assert essentials(again.album_set) == essentials(planted_set)


def test_an_image_folder_is_read_back_the_same(planted_set, tmp_path):
    export_set(planted_set, out=tmp_path / "out", kind="huggingface", covers="files")
    lines = (tmp_path / "out" / "validation" / "metadata.jsonl").read_text("utf-8").splitlines()
    n_valid = sum(side == "valid" for side in planted_set.splits.values())
    assert len(lines) == n_valid
    assert (tmp_path / "out" / "validation" / json.loads(lines[0])["file_name"]).is_file()
    assert essentials(import_folder(tmp_path / "out", out=tmp_path / "set").album_set) == essentials(planted_set)


def test_without_covers_each_side_is_a_parquet_file_named_in_the_card(planted_set, tmp_path):
    export_set(planted_set, out=tmp_path, kind="huggingface", covers="none")
    table = pq.read_table(tmp_path / "data" / "test.parquet")
    assert len(table) == sum(side == "test" for side in planted_set.splits.values())
    assert "cover" not in table.column_names
    assert "path: data/validation.parquet" in (tmp_path / "README.md").read_text("utf-8")


@pytest.fixture
def shelf(tmp_path):
    """One album with an address, one without a cover, one whose cover came as a file."""
    albums = [
        Album("1", moods=("Warm",), cover_file="https://example.org/1.jpg"),
        Album("2", moods=("Sad",)),
        Album("3", cover_file="3.jpg"),
    ]
    album_set = write_album_set(
        tmp_path / "shelf", albums, vocabulary=build_vocabulary(album.moods for album in albums), import_digest=""
    )
    album_set.write_splits({"1": "train", "2": "valid", "3": "test"}, seed=0)
    return album_set


def test_addresses_are_those_of_the_web(shelf, tmp_path):
    done = export_set(shelf, out=tmp_path / "out", kind="csv", covers="addresses")
    rows = list(csv.DictReader((tmp_path / "out" / "albums.csv").read_text("utf-8").splitlines()))
    assert [row["cover_address"] for row in rows] == ["https://example.org/1.jpg", "", ""]
    assert (done.covers, rows[0]["split"], rows[1]["moods"]) == (1, "train", "Sad")


def test_albums_without_a_cover_have_no_place_in_an_image_folder_and_are_counted(shelf, tmp_path):
    done = export_set(shelf, out=tmp_path / "out", kind="huggingface", covers="files")
    assert (done.albums, done.left_out) == (0, 3)
    assert "3 albums without a cover are left out" in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_the_same_export_again_changes_nothing_and_another_needs_force(planted_set, tmp_path):
    out = tmp_path / "out"
    export_set(planted_set, out=out, kind="csv", covers="files")
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    again = export_set(planted_set, out=out, kind="csv", covers="files")
    assert again.was_there_already
    assert again.covers == len(planted_set.albums)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    with pytest.raises(AlbumSetError, match="--force"):
        export_set(planted_set, out=out, kind="parquet")
    (out / "mine.txt").write_text("mine")
    export_set(planted_set, out=out, kind="parquet", force=True)
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "data.parquet", "export.json", "mine.txt"]


def test_the_set_is_only_read(planted_set, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in planted_set.path.rglob("*")}
    export_set(AlbumSet(planted_set.path), out=tmp_path, kind="huggingface", covers="files")
    assert {path: path.stat().st_mtime_ns for path in planted_set.path.rglob("*")} == before
