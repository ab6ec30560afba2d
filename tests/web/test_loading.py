"""What is opened at start, kept for the next start, and refused."""

import copy
import dataclasses
import os
from dataclasses import replace

import numpy as np
import pytest

from albumnet.dataset import AlbumSet, write_album_set
from albumnet.errors import AlbumSetError, MapError, RunError, ServeError
from albumnet.moodmap import read_map, write_map
from albumnet.records import Album, MoodVocabulary
from albumnet.web import loading
from albumnet.web.app import create_app
from albumnet.web.loading import load_state
from albumnet.web.options import ServeOptions
from albumnet.web.state import rows_in_order
from web.planted_127k import write_planted
from web.serving import serving


def test_the_second_start_computes_nothing(work, state, monkeypatch):
    def fail(*_, **__):
        raise AssertionError

    monkeypatch.setattr("albumnet.pipeline.scoring.predict_albums", fail)
    monkeypatch.setattr("albumnet.pipeline.mapping.make_map", fail)
    monkeypatch.setattr(loading, "fit_basis", fail)
    options = ServeOptions(album_set=work.album_set, model=work.run, app_dir=state.app_dir.parent)
    again = load_state(options)
    assert again.version == state.version
    assert np.array_equal(again.probabilities, state.probabilities)
    assert np.array_equal(again.look.vectors, state.look.vectors)


def test_probabilities_are_those_that_score_writes(work, state, tmp_path):
    from albumnet import pipeline
    from albumnet.dataset.predictions import read_predictions

    pipeline.score(AlbumSet(work.album_set), work.run, out=tmp_path / "scores.parquet")
    scores = read_predictions(tmp_path / "scores.parquet")
    columns = [state.model.config.vocabulary.index(mood) for mood in scores.vocabulary.names]
    rows = scores.rows_of([album.album_id for album in state.albums])
    assert np.allclose(state.probabilities[:, columns], rows, atol=1e-6)


def test_a_kept_file_that_is_broken_is_made_anew(work, tmp_path):
    options = ServeOptions(album_set=work.album_set, model=work.run, app_dir=tmp_path)
    first = load_state(options)
    for path in first.app_dir.glob("*.npy"):
        # Another file in its place: what `first` has mapped must not change under it.
        broken = path.read_bytes()[:50]
        path.unlink()
        path.write_bytes(broken)
    again = load_state(options)
    assert np.array_equal(again.probabilities, first.probabilities)


def test_nothing_to_serve_is_an_error(tmp_path):
    with pytest.raises(ServeError, match="--set"):
        load_state(ServeOptions(app_dir=tmp_path))


def test_a_map_needs_its_set(work, tmp_path):
    with pytest.raises(ServeError, match="--set"):
        load_state(ServeOptions(model=work.run, mood_map=tmp_path, app_dir=tmp_path))


def test_a_map_of_another_set_is_refused(work, tmp_path):
    planted = write_planted(tmp_path, n_albums=30)
    with pytest.raises(MapError, match="albums"):
        load_state(ServeOptions(album_set=work.album_set, mood_map=planted.mood_map, app_dir=tmp_path / "app"))
    state = load_state(ServeOptions(album_set=planted.album_set, mood_map=planted.mood_map, app_dir=tmp_path / "app"))
    assert state.n_on_map == 30
    assert state.near_in_mood(3)


def test_a_map_of_another_mood_space_is_refused(work, state, tmp_path):
    vectors = np.eye(len(state.mood_map.album_ids), 7, dtype=np.float32) + 0.1
    config = replace(state.mood_map.config, embedding_size=7)
    write_map(tmp_path / "map", replace(state.mood_map, vectors=vectors, config=config))
    with pytest.raises(ServeError, match="7 numbers"):
        load_state(
            ServeOptions(album_set=work.album_set, model=work.run, mood_map=tmp_path / "map", app_dir=tmp_path / "app")
        )


def test_a_map_of_features_places_uploads_by_their_look(work, tmp_path, album_set):
    from albumnet.pipeline.mapping import make_map

    make_map(album_set, work.run, out=tmp_path / "map", of="features")
    options = ServeOptions(
        album_set=work.album_set, model=work.run, mood_map=tmp_path / "map", app_dir=tmp_path / "app"
    )
    with serving(create_app(options)) as client:
        album = album_set.albums[4]
        answer = client.read_cover(album_set.read_cover(album.cover)).json
        assert answer["near_in_mood"] == []
        assert answer["near_in_look"][0]["album_id"] == album.album_id
        assert set(answer["place"]) == {"x", "y"}


def test_what_is_no_set_or_no_run_is_said(work, tmp_path):
    with pytest.raises(AlbumSetError):
        load_state(ServeOptions(album_set=tmp_path, app_dir=tmp_path))
    with pytest.raises(RunError):
        load_state(ServeOptions(model=tmp_path, app_dir=tmp_path))


def test_a_set_without_features_is_shown_without_predictions_and_it_is_said(work, tmp_path):
    albums = (Album("a", "Artist", "Title", moods=("Calm",), cover="0" * 64), Album("b"))
    write_album_set(tmp_path / "set", albums, vocabulary=MoodVocabulary(("Calm",)), import_digest="x")
    state = load_state(ServeOptions(album_set=tmp_path / "set", model=work.run, app_dir=tmp_path / "app"))
    assert state.probabilities is None
    assert state.mood_map is None
    assert any("albumnet features" in note for note in state.notes)
    assert state.card(state.albums[0])["predicted"] is None


def test_albums_that_are_not_on_the_map_come_after_those_that_are(work, tmp_path):
    planted = write_planted(tmp_path, n_albums=30)
    whole = read_map(planted.mood_map)
    part = replace(whole, album_ids=whole.album_ids[5:][::-1])
    albums = rows_in_order(AlbumSet(planted.album_set), part)
    assert [album.album_id for album in albums] == [*whole.album_ids[5:][::-1], *whole.album_ids[:5]]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_app_folder_that_cannot_be_made_is_an_error(work, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ServeError, match="--app-dir"):
        load_state(ServeOptions(model=work.run, app_dir=tmp_path / "app"))


def test_an_app_folder_in_a_file_s_place_is_an_error(work, tmp_path):
    (tmp_path / "app").write_text("")
    with pytest.raises(ServeError, match="--app-dir"):
        load_state(ServeOptions(model=work.run, app_dir=tmp_path / "app"))


def test_words_are_looked_up_in_the_models_own_space_or_not_at_all(state, tmp_path):
    model = copy.copy(state.model)
    model.config = dataclasses.replace(model.config, vectors=str(tmp_path / "gone.txt"), vectors_digest="0" * 16)
    other = dataclasses.replace(state, model=model)
    assert len(state.rows_of_mood_words("warm")) > 0
    assert other.words_to_search is None
    assert len(other.rows_of_mood_words("warm")) == 0
