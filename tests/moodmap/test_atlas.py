"""The file for embedding-atlas: a row per album in the map's order, neighbours by row."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from albumnet.moodmap import MapConfig, MoodMap
from albumnet.moodmap.atlas import write_atlas
from albumnet.records import Album


@pytest.fixture
def table(grouped, tmp_path):
    vectors = grouped[0][:20]
    albums = [
        Album(f"a{n}", artist="Ann", title=f"No. {n}", moods=("Warm", "Calm") if n else (), year=1990 if n else None)
        for n in range(20)
    ]
    xy = np.random.default_rng(0).random((20, 2)).astype(np.float32)
    config = MapConfig("a", "r", "moods", 0, 30, 6, 0.1, 20, 12, 0, 1, 1, 9, 20, "digest")
    mood_map = MoodMap(tuple(a.album_id for a in albums), xy, vectors, (), config)
    write_atlas(
        tmp_path / "atlas.parquet",
        mood_map,
        albums,
        read_thumbnail=lambda album: b"\xff\xd8\xff" if album.album_id != "a3" else None,
    )
    return pq.read_table(tmp_path / "atlas.parquet"), mood_map


def test_it_has_what_embedding_atlas_reads(table):
    found, mood_map = table
    assert found.column("album_id").to_pylist() == list(mood_map.album_ids)
    np.testing.assert_allclose(np.stack([found["x"], found["y"]], axis=1), mood_map.xy)
    row = found.slice(1, 1).to_pylist()[0]
    assert row["text"] == "Ann – No. 1 (1990)"
    assert row["image"] == {"bytes": b"\xff\xd8\xff", "path": "a1.jpg"}
    assert (row["mood"], row["moods"]) == ("Warm", ["Warm", "Calm"])


def test_neighbours_are_rows_with_their_distances(table):
    found, mood_map = table
    neighbours = found["neighbors"].to_pylist()[0]
    cosines = mood_map.vectors @ mood_map.vectors[0]
    assert neighbours["ids"] == np.argsort(-cosines)[1:16].tolist()
    np.testing.assert_allclose(neighbours["distances"], np.sort(1 - cosines)[1:16], atol=1e-6)


def test_an_album_without_a_cover_moods_or_year_has_a_row_too(table):
    rows = table[0].to_pylist()
    assert rows[3]["image"] is None
    assert (rows[0]["mood"], rows[0]["year"], rows[0]["text"]) == (None, None, "Ann – No. 0")
