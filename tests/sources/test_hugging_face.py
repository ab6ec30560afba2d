"""Dataset folders of Hugging Face: image folders by side, and pictures in Parquet files."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from albumnet.errors import InputTableError
from albumnet.sources import import_folder
from albumnet.sources.tables import TableOptions


def png(colour):
    file = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(file, "PNG")
    return file.getvalue()


def write_parquet(path, rows, *, features=None, row_group_size=2):
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(rows)
    if features:
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, path, row_group_size=row_group_size)


COLOURS = ("red", "green", "blue", "white", "black")


def rows(first=0):
    return [
        {"image": {"bytes": png(colour), "path": f"{colour}.png"}, "moods": ["Warm", "Sad"][: n % 3], "artist": f"A{n}"}
        for n, colour in enumerate(COLOURS[first:], start=first)
    ]


def test_pictures_in_parquet_files_are_taken_with_their_rows(tmp_path):
    write_parquet(tmp_path / "hf/data/train-00000-of-00002.parquet", rows()[:3])
    write_parquet(tmp_path / "hf/data/train-00001-of-00002.parquet", rows(first=3))
    result = import_folder(tmp_path / "hf", out=tmp_path / "set")
    assert result.failures == ()
    albums = result.album_set.albums
    assert [album.album_id for album in albums][2:4] == [
        "data/train-00000-of-00002.parquet#2",
        "data/train-00001-of-00002.parquet#0",
    ]
    assert [result.album_set.read_cover(album.cover) for album in albums] == [png(colour) for colour in COLOURS]
    assert (albums[2].moods, albums[2].artist) == (("Warm", "Sad"), "A2")


@pytest.mark.parametrize(
    "feature",
    [
        {"feature": {"names": ["Cold", "Warm"], "_type": "ClassLabel"}, "_type": "Sequence"},
        {"feature": {"names": ["Cold", "Warm"], "_type": "ClassLabel"}, "_type": "List"},
        [{"names": ["Cold", "Warm"], "_type": "ClassLabel"}],
    ],
)
def test_class_labels_become_names(tmp_path, feature):
    labelled = [{**row, "moods": [1, 0]} for row in rows()]
    write_parquet(tmp_path / "hf/a.parquet", labelled, features={"moods": feature})
    assert import_folder(tmp_path / "hf", out=tmp_path / "set").album_set.albums[0].moods == ("Warm", "Cold")


def test_a_picture_without_bytes_is_looked_for_beside_the_file(tmp_path):
    path = tmp_path / "hf/a.parquet"
    write_parquet(path, [{"image": {"bytes": None, "path": "/far/away/red.png"}, "moods": ["Warm"]}, *rows(first=4)])
    assert [f.reason[:20] for f in import_folder(tmp_path / "hf", out=tmp_path / "one").failures] == [
        "the row has no bytes"
    ]
    (tmp_path / "hf/red.png").write_bytes(png("red"))
    assert import_folder(tmp_path / "hf", out=tmp_path / "two").failures == ()


def test_a_row_without_a_picture_is_listed(tmp_path):
    write_parquet(tmp_path / "hf/a.parquet", [{"image": None, "moods": ["Warm"]}, *rows()])
    (failure,) = import_folder(tmp_path / "hf", out=tmp_path / "set").failures
    assert (failure.item, failure.reason) == ("a.parquet#0", "the row has no picture")


def test_another_column_of_moods_can_be_named(tmp_path):
    named = [{"image": row["image"], "tags": ["Odd"]} for row in rows()]
    write_parquet(tmp_path / "hf/a.parquet", named)
    options = TableOptions(moods_column="tags")
    assert import_folder(tmp_path / "hf", out=tmp_path / "set", options=options).album_set.vocabulary.names == ("Odd",)


def test_parquet_without_pictures_says_what_to_use(tmp_path):
    write_parquet(tmp_path / "hf/a.parquet", [{"album_id": "1", "moods": ["Warm"]}])
    with pytest.raises(InputTableError, match=r"has no column of pictures .*albumnet import table"):
        import_folder(tmp_path / "hf", out=tmp_path / "set")


def test_a_broken_file_is_one_line(tmp_path):
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf/a.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputTableError, match="cannot read"):
        import_folder(tmp_path / "hf", out=tmp_path / "set")


def test_image_folders_of_several_sides_are_one_set(tmp_path):
    for side, colour in (("train", "red"), ("test", "blue")):
        folder = tmp_path / "hf" / side
        folder.mkdir(parents=True)
        (folder / "0.png").write_bytes(png(colour))
        (folder / "metadata.jsonl").write_text(json.dumps({"file_name": "0.png", "moods": [colour.title()]}) + "\n")
    result = import_folder(tmp_path / "hf", out=tmp_path / "set")
    assert [(album.album_id, album.moods) for album in result.album_set.albums] == [
        ("test/0.png", ("Blue",)),
        ("train/0.png", ("Red",)),
    ]
    assert result.failures == ()
