"""Albums near by listeners, with the reasons that `recommend like` gives."""

import pytest

from albumnet import pipeline
from albumnet.errors import RecommendError, ServeError
from albumnet.web.loading import load_state
from albumnet.web.options import ServeOptions
from web.planted_run import make_planted_run


@pytest.fixture(scope="module")
def listened(work, rec, tmp_path_factory):
    """The state of an app that knows listeners."""
    return load_state(
        ServeOptions(
            album_set=work.album_set, model=work.run, recommender=rec, app_dir=tmp_path_factory.mktemp("listened")
        )
    )


def test_albums_near_by_listeners_are_those_of_recommend_like_with_its_reasons(listened, rec):
    asking = pipeline.open_recommender(rec)
    row = next(row for row in range(len(listened.albums)) if not listened.why_no_listeners(row))
    album = listened.albums[row]
    card = listened.card(album)
    expected = asking.like(album.album_id, k=12, by="listeners")
    assert [near["album_id"] for near in card["near_by_listeners"]] == [one.album_id for one in expected]
    assert [near["reason"] for near in card["near_by_listeners"]] == [one.reason for one in expected]
    assert card["why_no_listeners"] is None
    # Of the other kinds too: as the same command says them.
    by_look = {one.album_id: one.reason for one in asking.like(album.album_id, k=len(listened.albums), by="look")}
    for near in card["near_in_mood"] + card["near_in_look"]:
        assert near["reason"] == by_look[near["album_id"]]


def test_an_album_that_nobody_likes_says_so(listened, album_set):
    card = listened.card(album_set.albums[0])
    assert card["near_by_listeners"] == []
    assert "Nobody" in card["why_no_listeners"]


def test_without_a_recommender_it_is_said_how_to_get_one_and_moods_are_the_reasons(state):
    card = state.card(state.albums[3])
    assert card["near_by_listeners"] == []
    assert "albumnet recommend fit" in card["why_no_listeners"]
    assert "--recommend REC" in card["why_no_listeners"]
    moods = {mood.lower() for mood in state.model.config.moods}
    mean = dict(zip(state.model.config.moods, state.probabilities.mean(axis=0), strict=True))
    reasons = [near for near in card["near_in_mood"] if near["reason"]]
    assert reasons
    for near in reasons:
        named = near["reason"].removeprefix("close in mood: ").split(", ")
        assert set(named) <= moods
        other = {said["mood"].lower(): said for said in state.card(state.albums[near["row"]])["predicted"]}
        for mood in named:
            assert other[mood]["probability"] > mean[other[mood]["mood"]]


def test_a_recommender_of_another_set_is_refused(rec, tmp_path):
    album_set, _ = make_planted_run(tmp_path, n_albums=30, cover_size=64)
    with pytest.raises(ServeError, match="was fitted to albums"):
        load_state(ServeOptions(album_set=album_set, recommender=rec, app_dir=tmp_path / "app"))


def test_a_recommender_needs_its_set(work, rec, tmp_path):
    with pytest.raises(ServeError, match="--set"):
        load_state(ServeOptions(model=work.run, recommender=rec, app_dir=tmp_path))


def test_what_is_no_recommender_is_said_to_be_none(work, tmp_path):
    with pytest.raises(RecommendError, match="no fitted recommender"):
        load_state(ServeOptions(album_set=work.album_set, recommender=tmp_path, app_dir=tmp_path / "app"))
