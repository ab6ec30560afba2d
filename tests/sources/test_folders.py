"""Image folders with a metadata file."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from albumnet.errors import InputTableError
from albumnet.sources import import_folder
from albumnet.sources.tables import TableOptions


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "pictures"
    (path / "more").mkdir(parents=True)
    Image.new("RGB", (32, 32), "red").save(path / "a.png")
    Image.new("RGB", (32, 32), "blue").save(path / "more" / "b.png")
    return path


ROWS = [{"file_name": "a.png", "moods": ["Warm", "Sad"]}, {"file_name": "more/b.png", "moods": ["Cold"]}]


def write_metadata(folder, kind):
    path = folder / f"metadata.{kind}"
    if kind == "csv":
        path.write_text("file_name,moods\na.png,Warm|Sad\nmore/b.png,Cold\n", "utf-8")
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), "utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    return path


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_folder_becomes_a_set_with_file_names_as_ids(folder, tmp_path, kind):
    write_metadata(folder, kind)
    result = import_folder(folder, out=tmp_path / "set")
    assert result.failures == ()
    assert [(album.album_id, album.moods) for album in result.album_set.albums] == [
        ("a.png", ("Warm", "Sad")),
        ("more/b.png", ("Cold",)),
    ]
    assert all(album.cover for album in result.album_set.albums)


def test_ids_of_the_metadata_win_over_file_names(folder, tmp_path):
    (folder / "metadata.csv").write_text("album_id,file_name,cover,moods\nx,a.png,gone.png,Warm\n", "utf-8")
    result = import_folder(folder, out=tmp_path / "set")
    assert result.album_set.albums[0].album_id == "x"
    assert result.failures == ()
    assert result.ignored_columns == ("cover",)


def test_the_moods_column_can_be_chosen(folder, tmp_path):
    (folder / "metadata.csv").write_text("file_name,tags\na.png,Warm\n", "utf-8")
    album_set = import_folder(folder, out=tmp_path / "set", options=TableOptions(moods_column="tags")).album_set
    assert album_set.vocabulary.names == ("Warm",)


def test_a_folder_without_metadata_is_refused(folder, tmp_path):
    with pytest.raises(
        InputTableError, match=r"has no metadata file and no Parquet files .* expected one of metadata\.csv"
    ):
        import_folder(folder, out=tmp_path / "set")


def test_a_folder_with_two_metadata_files_is_refused(folder, tmp_path):
    write_metadata(folder, "csv")
    write_metadata(folder, "jsonl")
    with pytest.raises(InputTableError, match="has 2 metadata files"):
        import_folder(folder, out=tmp_path / "set")


def test_metadata_without_file_names_is_refused(folder, tmp_path):
    (folder / "metadata.csv").write_text("cover,moods\na.png,Warm\n", "utf-8")
    with pytest.raises(InputTableError, match="has no column 'file_name'"):
        import_folder(folder, out=tmp_path / "set")
