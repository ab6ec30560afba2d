"""The map as a stage: of the right albums, the same twice, kept when it is there, refused when it cannot be."""

import dataclasses

import numpy as np
import pyarrow.parquet as pq
import pytest

from albumnet import pipeline
from albumnet.errors import FeatureStoreError, MapError, RunError, WordVectorError
from albumnet.moodmap import layout, read_map
from albumnet.pipeline import mapping
from small_world import MOODS, N_ALBUMS, D, make_albums, make_set, train


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    monkeypatch.setattr(layout, "N_EARLY", 60)
    monkeypatch.setattr(layout, "N_LATE", 100)


@pytest.fixture
def run(album_set, tmp_path):
    train(album_set, tmp_path / "run")
    return tmp_path / "run"


def test_a_map_holds_every_album_and_every_mood(album_set, run, tmp_path):
    made = pipeline.make_map(album_set, run, out=tmp_path / "map")
    assert made.album_ids == tuple(album.album_id for album in album_set.albums)
    assert {mood.name for mood in made.moods} == set(MOODS)
    counts = {mood.name: mood.n_albums for mood in made.moods}
    assert counts["Calm"] == sum("Calm" in album.moods for album in album_set.albums)
    assert [mood.n_albums for mood in made.moods] == sorted(counts.values(), reverse=True)
    np.testing.assert_allclose(np.linalg.norm(made.vectors, axis=1), 1, rtol=1e-5)
    assert made.config.albums == album_set.digest
    assert 0.5 < made.config.trustworthiness <= 1
    assert 0 < made.config.neighbour_preservation <= 1


def test_albums_of_a_mood_lie_nearer_to_its_name_than_others(album_set, run, tmp_path):
    made = pipeline.make_map(album_set, run, out=tmp_path / "map")
    moods_of = {album.album_id: album.moods for album in album_set.albums}
    for mood in made.moods:
        has = np.array([mood.name in moods_of[album_id] for album_id in made.album_ids])
        distance = np.linalg.norm(made.xy - [mood.x, mood.y], axis=1)
        assert np.median(distance[has]) < np.median(distance[~has])


def test_a_map_is_the_same_twice_and_another_with_another_seed(album_set, run, tmp_path):
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        pipeline.make_map(album_set, run, out=tmp_path / name, seed=seed)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name
    assert (tmp_path / "one" / "layout.parquet").read_bytes() != (tmp_path / "three" / "layout.parquet").read_bytes()


def test_a_map_that_is_there_is_not_made_again(album_set, run, tmp_path):
    made, is_new = pipeline.find_or_make_map(album_set, run, out=tmp_path / "map")
    found, is_new_again = pipeline.find_or_make_map(album_set, run, out=tmp_path / "map")
    assert (is_new, is_new_again) == (True, False)
    assert found.config == made.config
    with pytest.raises(MapError, match=r"map is a map with seed 0, asked for is seed 3; .* --force"):
        pipeline.find_or_make_map(album_set, run, out=tmp_path / "map", seed=3)
    assert pipeline.find_or_make_map(album_set, run, out=tmp_path / "map", seed=3, force=True)[0].config.seed == 3


def test_a_folder_of_something_else_is_left_alone(album_set, run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear")
    with pytest.raises(MapError, match="exists and is no map"):
        pipeline.find_or_make_map(album_set, run, out=tmp_path / "mine")
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["diary.txt"]


def test_a_map_cut_off_is_made_anew(album_set, run, tmp_path, monkeypatch):
    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("albumnet.moodmap.mood_map.write_json", interrupt)
        with pytest.raises(KeyboardInterrupt):
            pipeline.find_or_make_map(album_set, run, out=tmp_path / "map")
    with pytest.raises(MapError, match="cut off"):
        read_map(tmp_path / "map")
    assert pipeline.find_or_make_map(album_set, run, out=tmp_path / "map")[1]


def test_features_are_laid_out_and_a_new_cover_can_be_placed(album_set, run, tmp_path):
    made = pipeline.make_map(album_set, run, out=tmp_path / "map", of="features")
    assert made.vectors.shape == (N_ALBUMS, D)
    basis = read_map(tmp_path / "map").basis
    assert basis is not None
    _, features = make_albums(np.random.default_rng(0))
    places = made.place_new(basis.project(features.astype(np.float16)))
    assert np.median(np.linalg.norm(places - made.xy, axis=1)) < 0.1


def test_a_model_that_does_not_look_at_covers_has_no_features_to_lay_out(album_set, tmp_path):
    train(album_set, tmp_path / "run", "metadata")
    with pytest.raises(MapError, match="no stored features"):
        pipeline.make_map(album_set, tmp_path / "run", out=tmp_path / "map", of="features")


def test_albums_without_a_cover_are_left_out_and_counted(album_set, run, tmp_path):
    albums, features = make_albums(np.random.default_rng(0))
    bare = [dataclasses.replace(album, cover=None) if n < 7 else album for n, album in enumerate(albums)]
    other = make_set(
        tmp_path / "bare", bare[7:] + bare[:7], np.roll(features, -7, axis=0), n_with_features=N_ALBUMS - 7
    )
    made = pipeline.make_map(other, run, out=tmp_path / "map")
    assert (made.config.n_albums, made.config.left_out) == (N_ALBUMS - 7, 7)


def test_four_albums_are_no_map(album_set, run, tmp_path):
    albums, features = make_albums(np.random.default_rng(0))
    few = make_set(tmp_path / "few", albums[:4], features[:4], n_with_features=4)
    with pytest.raises(MapError, match="4 albums are too few"):
        pipeline.make_map(few, run, out=tmp_path / "map")
    assert not (tmp_path / "map").exists()


def test_moods_without_word_vectors_make_no_map(tmp_path):
    albums, features = make_albums(np.random.default_rng(0))
    renamed = [dataclasses.replace(a, moods=tuple(f"Qqx{m}zz" for m in a.moods)) for a in albums]
    other = make_set(tmp_path / "other", renamed, features)
    train(other, tmp_path / "run")
    with pytest.raises(WordVectorError, match="0 of the model's 4 moods have a word vector"):
        pipeline.make_map(other, tmp_path / "run", out=tmp_path / "map")


def test_features_yet_to_be_computed_and_a_folder_that_is_no_run_are_said(album_set, run, tmp_path):
    albums, features = make_albums(np.random.default_rng(0))
    undone = make_set(tmp_path / "undone", albums, features, n_with_features=10)
    with pytest.raises(FeatureStoreError, match="lacks the features of 390"):
        pipeline.make_map(undone, run, out=tmp_path / "map")
    with pytest.raises(RunError, match="is no run"):
        pipeline.find_or_make_map(album_set, tmp_path, out=tmp_path / "map")


def test_an_atlas_needs_the_maps_own_albums(album_set, run, tmp_path):
    made = pipeline.make_map(album_set, run, out=tmp_path / "map")
    path = pipeline.write_atlas_of(album_set, made, out=tmp_path / "map")
    table = pq.read_table(path)
    assert table["album_id"].to_pylist() == list(made.album_ids)
    assert table["image"].null_count == N_ALBUMS  # the set's covers were never stored
    albums, features = make_albums(np.random.default_rng(9))
    with pytest.raises(MapError, match="made of albums"):
        pipeline.write_atlas_of(make_set(tmp_path / "other", albums, features), made, out=tmp_path / "map")


def test_a_new_map_takes_the_old_ones_atlas_with_it(album_set, run, tmp_path):
    pipeline.write_atlas_of(album_set, pipeline.make_map(album_set, run, out=tmp_path / "map"), out=tmp_path / "map")
    pipeline.make_map(album_set, run, out=tmp_path / "map", seed=1)
    assert not (tmp_path / "map" / "atlas.parquet").exists()


def test_every_name_of_a_maps_files_is_known(album_set, run, tmp_path):
    pipeline.write_atlas_of(album_set, pipeline.make_map(album_set, run, out=tmp_path / "map"), out=tmp_path / "map")
    assert {file.name for file in (tmp_path / "map").iterdir()} == set(mapping.MAP_FILES)
