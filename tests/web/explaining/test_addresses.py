"""What `/api/explain/…` answers of albums and of covers that come with the question."""

import base64
import io
from dataclasses import replace
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from PIL import Image

from albumnet import pipeline
from albumnet.errors import MissingExtraError
from albumnet.explain.attribution import METHODS
from albumnet.explain.pictures import layer
from albumnet.web.app import app_of, create_app
from albumnet.web.options import ServeOptions
from web.serving import draw_jpeg, serving

pytest.importorskip("cv2")

ROW = 5


@pytest.fixture
def album(state):
    return state.albums[ROW]


@pytest.fixture
def mood(state):
    return state.model.config.moods[0]


def ask(client, about, **asked):
    return client.get(f"/api/explain/{about}?{urlencode(asked, doseq=True)}")


def decoded(address: str) -> np.ndarray:
    head, data = address.split(",")
    assert head in ("data:image/png;base64", "data:image/jpeg;base64")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


@pytest.fixture
def explained(state, album_set, album, mood, tmp_path):
    """As `albumnet explain` explains the album's cover."""
    path = tmp_path / "cover.jpg"
    path.write_bytes(album_set.read_cover(album.cover))
    (found,) = pipeline.explain_covers(state.model, [path], moods=[mood], genres=album.genres, year=album.year)
    return found.maps[0]


def test_a_map_is_that_of_the_command_with_its_check(client, album, mood, explained):
    answer = ask(client, "map", album=album.album_id, mood=mood.lower()).json
    assert answer["mood"] == mood
    assert answer["likeness"] == pytest.approx(explained.likeness, abs=1e-3)
    assert answer["probability"] == pytest.approx(explained.probability, abs=1e-4)
    assert not answer["is_refused"]
    difference = decoded(answer["map"]["picture"]).astype(int) - layer(explained.values)
    assert np.abs(difference[..., 3]).max() <= 2
    assert answer["map"]["full_colour"] == 5.0


def test_a_map_that_does_not_survive_its_check_is_never_sent(state, album, mood, monkeypatch):
    def look_at_brightness(scorer, covers, direction):
        return covers.mean(dim=1)

    monkeypatch.setitem(METHODS, "hirescam", replace(METHODS["hirescam"], attribute=look_at_brightness))
    with serving(app_of(state)) as client:
        answer = ask(client, "map", album=album.album_id, mood=mood).json
    assert answer["likeness"] == pytest.approx(1.0)
    assert (answer["is_refused"], answer["map"]) == (True, None)


def test_shares_are_those_of_the_command_and_the_backbone_names_what_it_sees(client, album, mood, explained):
    answer = ask(client, "cover", album=album.album_id).json
    shares = next(each for each in answer["shares"] if each["mood"] == mood)
    for part in ("cover", "genre", "year"):
        assert shares[part] == pytest.approx(explained.shares[part], abs=1e-4)
    assert answer["is_exact"]
    probabilities = [guess["probability"] for guess in answer["guesses"]]
    assert len(probabilities) == 5
    assert probabilities == sorted(probabilities, reverse=True)
    assert answer["why_no_guesses"] is answer["why_no_shares"] is answer["why_no_regions"] is None
    assert set(answer["regions"]) == {"faces", "lettering"}


def test_a_cover_that_is_sent_is_answered_as_the_album_it_is_of(client, album_set, album, mood):
    data = album_set.read_cover(album.cover)
    about = {"genres": album.genres, "year": album.year}
    for question in ("cover", f"map?mood={quote(mood)}", "change?hue=90"):
        of_album = client.get(f"/api/explain/{question}{'&' if '?' in question else '?'}album={album.album_id}")
        assert client.send_cover(f"/api/explain/{question}", data, **about).json == of_album.json


def test_nothing_of_a_cover_that_is_sent_stays(client, state, mood, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = {path for path in state.app_dir.parent.rglob("*") if "thumbnails" not in path.name}
    assert client.send_cover(f"/api/explain/map?mood={quote(mood)}", draw_jpeg()).status == 200
    assert {path for path in state.app_dir.parent.rglob("*") if "thumbnails" not in path.name} == before
    assert not list(tmp_path.iterdir())


def test_a_change_moves_what_the_command_says_it_moves(client, state, album_set, album, tmp_path):
    path = tmp_path / "cover.jpg"
    path.write_bytes(album_set.read_cover(album.cover))
    moods = state.model.config.moods
    moved = pipeline.change_cover(state.model, path, moods=moods, genres=album.genres, year=album.year)
    expected = {one.mood: one for one in moved if one.change == "hue +180°"}
    answer = ask(client, "change", album=album.album_id, hue=180).json
    for one in answer["moods"]:
        assert one["moved"] == pytest.approx(expected[one["mood"]].moved, abs=1e-3)
        assert one["by_encoding"] == pytest.approx(expected[one["mood"]].by_encoding, abs=1e-3)
        assert one["encoding_low"] <= one["before"] <= one["encoding_high"]
        assert one["is_beyond"] == (not one["encoding_low"] <= one["after"] <= one["encoding_high"])
    sizes = [abs(one["moved"]) for one in answer["moods"]]
    assert sizes == sorted(sizes, reverse=True)
    assert answer["n_beyond"] == sum(one["is_beyond"] for one in answer["moods"])
    assert decoded(answer["cover"]).shape == (224, 224, 3)


def test_no_change_moves_nothing(client, album):
    answer = ask(client, "change", album=album.album_id).json
    assert answer["n_beyond"] == 0
    assert {one["moved"] for one in answer["moods"]} == {0.0}


@pytest.mark.parametrize(
    "wrong", [{"hue": 181}, {"brightness": -1}, {"saturation": "x"}, {"blur": "hands"}, {"hue": "nan"}]
)
def test_changes_that_there_are_not_are_refused(client, album, wrong):
    answer = ask(client, "change", album=album.album_id, **wrong)
    assert answer.status == 422
    assert next(iter(wrong)) in answer.error


def test_without_opencv_blurring_says_which_extra_is_missing(client, album, mood, monkeypatch):
    def lack(_cover):
        raise MissingExtraError("finding faces and lettering needs OpenCV; pip install 'albumnet[explain]'")

    monkeypatch.setattr("albumnet.explain.looking.regions.find_regions", lack)
    told = ask(client, "cover", album=album.album_id).json
    assert told["regions"] == {}
    assert "albumnet[explain]" in told["why_no_regions"]
    assert told["guesses"]
    answer = ask(client, "change", album=album.album_id, blur="faces")
    assert answer.status == 422
    assert "albumnet[explain]" in answer.error
    assert ask(client, "change", album=album.album_id, hue=30).status == 200


def test_an_unknown_mood_is_answered_with_near_ones(client, album, mood):
    answer = ask(client, "map", album=album.album_id, mood=f"{mood}x")
    assert answer.status == 422
    assert mood in answer.error


def test_a_cover_of_one_colour_has_no_map(client, mood):
    file = io.BytesIO()
    Image.new("RGB", (200, 200), (90, 90, 90)).save(file, "PNG")
    answer = client.send_cover(f"/api/explain/map?mood={quote(mood)}", file.getvalue())
    assert answer.status == 422
    assert "one colour" in answer.error


def test_what_is_asked_must_be_about_one_cover(client, album, mood):
    assert ask(client, "map", mood=mood).status == 422
    assert ask(client, "map", album="none-such", mood=mood).status == 404
    assert ask(client, "map", album=album.album_id).status == 422
    both = client.send_cover(f"/api/explain/map?mood={quote(mood)}&album={album.album_id}", draw_jpeg())
    assert both.status == 422
    assert "not both" in both.error
    assert client.send_cover(f"/api/explain/map?mood={quote(mood)}", b"no picture").status == 415


def test_other_sites_cannot_make_a_browser_ask(client, album, mood):
    path = f"/api/explain/map?album={album.album_id}&mood={quote(mood)}"
    assert client.get(path, Sec_Fetch_Site="cross-site").status == 403


def test_without_a_model_there_is_nothing_to_explain(work, tmp_path):

    with serving(create_app(ServeOptions(album_set=work.album_set, app_dir=tmp_path))) as client:
        answer = client.get("/api/explain/cover?album=x")
    assert answer.status == 404
    assert "--model" in answer.error


def test_the_questions_are_in_the_apps_description(state):
    paths = app_of(state).openapi()["paths"]
    for about in ("cover", "map", "change"):
        asked = paths[f"/api/explain/{about}"]
        assert set(asked) == {"get", "post"}
        assert asked["get"]["description"]


def test_a_cover_as_large_as_one_may_be_read_may_be_explained(client, mood):
    answer = client.send_cover(f"/api/explain/map?mood={quote(mood)}", draw_jpeg() + bytes(3 * 2**20))
    assert answer.status == 200
    assert client.send_cover(f"/api/explain/map?mood={quote(mood)}", bytes(21 * 2**20)).status == 413
