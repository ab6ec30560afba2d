"""An album set on disk comes back as it was written, and says what is wrong with it otherwise."""

import dataclasses
import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from albumnet.dataset import AlbumSet, CoverFailure, split_albums, write_album_set
from albumnet.dataset.atomic import read_parquet, write_parquet
from albumnet.dataset.covers import store_cover
from albumnet.errors import AlbumSetError, CoverError, SchemaVersionError
from albumnet.records import Album, build_vocabulary

ALBUMS = (
    Album(
        album_id="a",
        artist="Ünal",
        title="One, Two",
        moods=("Warm", "Cold"),
        genres=("Pop",),
        styles=("Dream Pop",),
        year=1977,
        cover="ab" * 32,
        cover_file="a.jpg",
        source="albums.csv",
    ),
    Album(album_id="b"),
)


def write(path, albums=ALBUMS, failures=()):
    vocabulary = build_vocabulary(album.moods for album in albums)
    return write_album_set(path, albums, vocabulary=vocabulary, failures=failures, import_digest="0123")


@pytest.fixture
def album_set(tmp_path):
    return write(tmp_path / "set")


def test_albums_come_back_as_they_were_missing_values_too(album_set):
    assert AlbumSet(album_set.path).albums == ALBUMS


def test_vocabulary_and_the_import_it_came_from_come_back(album_set):
    again = AlbumSet(album_set.path)
    assert again.vocabulary.names == ("Cold", "Warm")
    assert again.import_digest == "0123"


def test_failures_come_back(tmp_path):
    failures = (CoverFailure("b.jpg", "the file is empty"), CoverFailure("c.jpg", "truncated", "cd" * 32))
    write(tmp_path, failures=failures)
    assert AlbumSet(tmp_path).failures == failures


def test_the_digest_follows_the_albums(tmp_path, album_set):
    other = (dataclasses.replace(ALBUMS[0], year=1978), ALBUMS[1])
    assert write(tmp_path / "same").digest == album_set.digest
    assert write(tmp_path / "other", other).digest != album_set.digest


def test_a_folder_that_is_no_album_set_is_refused_with_the_command_that_makes_one(tmp_path):
    with pytest.raises(AlbumSetError, match=r"holds no albums\.parquet.*albumnet import table"):
        AlbumSet(tmp_path)
    with pytest.raises(AlbumSetError, match="is not a folder"):
        AlbumSet(tmp_path / "nowhere")


def test_a_set_without_its_vocabulary_is_refused(album_set):
    (album_set.path / "vocabulary.json").unlink()
    with pytest.raises(AlbumSetError, match=r"holds no vocabulary\.json"):
        AlbumSet(album_set.path)


@pytest.mark.parametrize("change", [{"moods": ["Cold", "Hot"]}, {"moods": None}])
def test_another_vocabulary_beside_the_albums_is_refused_and_both_named(album_set, change):
    path = album_set.path / "vocabulary.json"
    content = json.loads(path.read_text("utf-8")) | change
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}), "utf-8")
    with pytest.raises(
        AlbumSetError, match=rf"vocabulary {album_set.vocabulary.digest} but vocabulary.json is \w{{16}}"
    ):
        AlbumSet(album_set.path)


@pytest.mark.parametrize("file", ["albums.parquet", "splits.parquet", "failures.parquet"])
def test_a_table_of_another_schema_version_is_refused(album_set, file):
    album_set.write_splits({"a": "train", "b": "test"}, seed=0)
    table, metadata = read_parquet(album_set.path / file, schema_version=1)
    made_from = {key: value for key, value in metadata.items() if key != "schema_version"}
    write_parquet(album_set.path / file, table, schema_version=2, made_from=made_from)
    with pytest.raises(SchemaVersionError, match=f"{file} has schema version 2, this albumnet reads version 1"):
        _ = [AlbumSet(album_set.path).splits, AlbumSet(album_set.path).failures]


def test_a_vocabulary_of_another_schema_version_is_refused(album_set):
    path = album_set.path / "vocabulary.json"
    path.write_text(path.read_text("utf-8").replace('"schema_version": 1', '"schema_version": 2'), "utf-8")
    with pytest.raises(SchemaVersionError, match=r"vocabulary\.json has schema version 2"):
        AlbumSet(album_set.path)


def test_splits_come_back(album_set):
    album_set.write_splits({"a": "train", "b": "test"}, seed=0)
    assert AlbumSet(album_set.path).splits == {"a": "train", "b": "test"}


def test_new_splits_are_seen_by_who_read_the_old_ones(album_set):
    album_set.write_splits({"a": "train", "b": "test"}, seed=0)
    assert album_set.splits["b"] == "test"
    album_set.write_splits({"a": "train", "b": "valid"}, seed=1)
    assert album_set.splits["b"] == "valid"


def test_a_set_that_was_never_split_says_how_to(album_set):
    with pytest.raises(AlbumSetError, match=r"has no splits\.parquet; run `albumnet split"):
        _ = album_set.splits


def test_splits_of_other_albums_are_refused_and_both_digests_named(tmp_path, album_set):
    album_set.write_splits({"a": "train", "b": "test"}, seed=0)
    other = write(tmp_path / "other", ALBUMS[:1])
    shutil.copy(album_set.path / "splits.parquet", other.path)
    with pytest.raises(AlbumSetError, match=f"made for albums {album_set.digest}, the set holds albums {other.digest}"):
        _ = AlbumSet(other.path).splits


def test_replacing_the_albums_takes_the_splits_and_the_card_made_from_them_away(album_set):
    album_set.write_splits({"a": "train", "b": "test"}, seed=0)
    (album_set.path / "card.md").write_text("old", "utf-8")
    write(album_set.path, ALBUMS[:1])
    assert not (album_set.path / "splits.parquet").exists()
    assert not (album_set.path / "card.md").exists()


def test_a_disk_that_fills_up_while_a_set_is_replaced_leaves_an_unfinished_import(album_set, full_disk):
    with full_disk(), pytest.raises(OSError, match="No space left"):
        write(album_set.path, ALBUMS[:1])
    with pytest.raises(AlbumSetError, match=r"holds no albums\.parquet"):
        AlbumSet(album_set.path)
    assert write(album_set.path, ALBUMS[:1]).albums == ALBUMS[:1]


def test_a_cover_is_read_by_its_hash(album_set):
    cover = store_cover(album_set.covers_dir, b"GIF89a")
    assert album_set.read_cover(cover) == b"GIF89a"


def test_a_cover_that_is_gone_is_a_cover_error(album_set):
    with pytest.raises(CoverError, match="cover abababababab… is missing"):
        album_set.read_cover("ab" * 32)


def test_a_cover_that_cannot_be_read_is_a_cover_error(album_set):
    (album_set.covers_dir / "ab" / f"{'ab' * 32}.jpg").mkdir(parents=True)
    with pytest.raises(CoverError, match="cannot read"):
        album_set.read_cover("ab" * 32)


def test_a_backbone_s_name_makes_one_folder(album_set):
    path = album_set.features_dir("timm:hf/resnet18.a1_in1k")
    assert path == album_set.path / "features" / "timm-hf-resnet18.a1_in1k"


def test_a_planted_set_holds_what_was_planted(planted_set):
    again = AlbumSet(planted_set.path)
    assert len(again.albums) == 60
    assert set(again.splits) == {album.album_id for album in again.albums}
    assert {mood for album in again.albums for mood in album.moods} == set(again.vocabulary.names)
    assert again.splits == split_albums(again.albums, rng=np.random.default_rng(0))


def test_the_picture_that_covers_share_is_kept_and_is_no_column_where_none_do(tmp_path):
    for name, picture in (("shared", "d"), ("plain", None)):
        albums = [Album("1", cover="c", picture=picture), Album("2", cover="d")]
        write_album_set(tmp_path / name, albums, vocabulary=build_vocabulary([]), import_digest="")
        assert AlbumSet(tmp_path / name).albums == tuple(albums)
        columns = pq.read_schema(tmp_path / name / "albums.parquet").names
        assert ("picture" in columns) == (picture is not None)
