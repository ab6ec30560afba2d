"""A planted world as files: the table says what the world says, and no file is ever half there."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from albumnet.errors import AlbumSetError
from albumnet.planted import PlantedWorld, draw_cover, draw_world, write_world

# A seed whose 60 albums include missing years, missing genres and a title with a comma; the table test checks it.
SEED = 1


@pytest.fixture(scope="module")
def world() -> PlantedWorld:
    return draw_world(n_albums=60, rng=np.random.default_rng(SEED), cover_size=64)


def file_names(directory: Path) -> set[str]:
    return {path.name for path in directory.rglob("*") if path.is_file()}


def test_table_says_what_the_world_says_missing_years_and_genres_too(world, tmp_path):
    with write_world(world, tmp_path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["album_id", "artist", "title", "year", "genres", "moods", "cover"]
    assert any(album.year is None for album in world.albums)
    assert any(album.genres == () for album in world.albums)
    assert any("," in album.title for album in world.albums)
    for row, album in zip(rows, world.albums, strict=True):
        assert (row["album_id"], row["artist"], row["title"]) == (album.album_id, album.artist, album.title)
        assert (int(row["year"]) if row["year"] else None) == album.year
        assert (tuple(row["genres"].split("|")) if row["genres"] else ()) == album.genres
        assert tuple(row["moods"].split("|")) == album.moods
        assert row["cover"] == album.cover_file


def test_every_cover_is_the_one_drawn(world, tmp_path):
    write_world(world, tmp_path)
    assert file_names(tmp_path / "covers") == {album.cover_file for album in world.albums}
    for n in (0, 59):
        assert (tmp_path / "covers" / world.albums[n].cover_file).read_bytes() == draw_cover(world, n)


def test_progress_is_told_after_every_cover(world, tmp_path):
    told = []
    write_world(world, tmp_path, progress=told.append)
    assert [(step.stage, step.done, step.total) for step in told] == [("covers", n + 1, 60) for n in range(60)]


def test_a_second_run_draws_only_what_is_missing(world, tmp_path):
    write_world(world, tmp_path)
    first, second = (tmp_path / "covers" / album.cover_file for album in world.albums[:2])
    first.write_bytes(b"left as it is")
    second.unlink()
    write_world(world, tmp_path)
    assert first.read_bytes() == b"left as it is"
    assert second.read_bytes() == draw_cover(world, 1)


def test_a_stop_between_covers_leaves_whole_covers_and_no_table(world, tmp_path):
    def stop_at_five(step):
        if step.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_world(world, tmp_path, progress=stop_at_five)
    assert file_names(tmp_path) == {"planted.json", *(album.cover_file for album in world.albums[:5])}
    for album in world.albums[:5]:
        Image.open(tmp_path / "covers" / album.cover_file).load()
    assert write_world(world, tmp_path).exists()
    assert len(file_names(tmp_path / "covers")) == 60


@pytest.mark.parametrize("victim", ["pw0003.jpg", "albums.csv", "planted.json"])
def test_a_stop_within_a_file_leaves_nothing_under_its_name(world, tmp_path, monkeypatch, victim):
    write_all = Path.write_bytes

    def write_half(path: Path, data: bytes) -> int:
        if victim not in path.name:
            return write_all(path, data)
        write_all(path, data[: len(data) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(KeyboardInterrupt):
        write_world(world, tmp_path)
    assert not any(victim in name for name in file_names(tmp_path))
    monkeypatch.undo()
    assert write_world(world, tmp_path).exists()


def test_another_world_in_the_directory_is_refused_and_left_alone(world, tmp_path):
    table = write_world(world, tmp_path)
    before = table.read_bytes()
    other = draw_world(n_albums=60, rng=np.random.default_rng(9), cover_size=64)
    with pytest.raises(AlbumSetError, match="choose an empty directory"):
        write_world(other, tmp_path)
    assert table.read_bytes() == before


def test_a_table_of_something_else_is_refused_and_left_alone(world, tmp_path):
    (tmp_path / "albums.csv").write_text("mine\n", encoding="utf-8")
    with pytest.raises(AlbumSetError, match=r"albums\.csv that no planted world wrote"):
        write_world(world, tmp_path)
    assert file_names(tmp_path) == {"albums.csv"}


def test_a_broken_note_is_refused(world, tmp_path):
    (tmp_path / "planted.json").write_text("{", encoding="utf-8")
    with pytest.raises(AlbumSetError, match="says None"):
        write_world(world, tmp_path)
