"""An upload's way to its moods."""

import pytest

from web.serving import draw_jpeg, serving


def test_an_upload_is_read_as_predict_reads_it(client, state):
    data = draw_jpeg(3)
    answer = client.read_cover(data, genres=["Rock"], year=1977)
    assert answer.status == 200
    (expected,) = state.model.predict(data, genres=["Rock"], years=1977)
    said = {mood["mood"]: mood for mood in answer.json["moods"]}
    assert len(said) == len(expected.moods)
    for mood in expected.moods:
        assert said[mood.mood]["probability"] == pytest.approx(mood.probability, abs=1e-4)
        assert said[mood.mood]["base_rate"] == mood.base_rate
    ranks = [mood["rank"] for mood in answer.json["moods"]]
    assert ranks == list(range(1, len(ranks) + 1))
    for key in ("can_tell", "n_for_coverage", "n_without_looking", "coverage"):
        assert answer.json[key] == getattr(expected, key)


def test_an_album_s_own_cover_finds_the_album_and_its_place(client, state, album_set):
    album = state.albums[9]
    answer = client.read_cover(album_set.read_cover(album.cover), genres=album.genres, year=album.year or "").json
    assert answer["near_in_look"][0]["album_id"] == album.album_id
    assert answer["near_in_look"][0]["closeness"] == pytest.approx(1, abs=0.01)
    assert answer["near_in_mood"][0]["closeness"] == pytest.approx(1, abs=0.01)
    assert len(answer["near_in_mood"]) == len(answer["near_in_look"]) == 12
    assert abs(answer["place"]["x"] - state.mood_map.xy[9][0]) < 0.2


@pytest.mark.parametrize("year", ["77", "x", "0999", "3000", "1977.5", "-100", "１９７７"])
def test_a_year_that_is_none_is_refused(client, year):
    answer = client.read_cover(draw_jpeg(), year=year)
    assert answer.status == 422
    assert "year" in answer.error


def test_genres_that_are_too_many_or_too_long_are_refused(client):
    assert client.read_cover(draw_jpeg(), genres=["Rock"] * 21).status == 422
    assert client.read_cover(draw_jpeg(), genres=["R" * 500]).status == 422


def test_genres_that_no_training_album_had_are_passed_over(client):
    assert client.read_cover(draw_jpeg(), genres=["Unheard Of"], year="").status == 200


def test_without_a_model_there_is_nothing_to_read_covers_with(work, tmp_path):
    from albumnet.web.app import create_app
    from albumnet.web.options import ServeOptions

    with serving(create_app(ServeOptions(album_set=work.album_set, app_dir=tmp_path))) as client:
        answer = client.read_cover(draw_jpeg())
        assert answer.status == 404
        assert "--model" in answer.error
        assert client.get("/health").json == {"status": "ok", "albums": 40, "model": None, "map": False}
        assert client.get("/api/map/meta").status == 404
        card = client.get("/api/albums/" + client.get("/api/map/labels?rows=1").json[0]["album_id"]).json
        assert (card["predicted"], card["place"], card["near_in_mood"]) == (None, None, [])
        assert len(card["near_in_look"]) == 12


def test_a_model_alone_reads_covers(work, tmp_path):
    from albumnet.web.app import create_app
    from albumnet.web.options import ServeOptions

    with serving(create_app(ServeOptions(model=work.run, app_dir=tmp_path))) as client:
        answer = client.read_cover(draw_jpeg()).json
        assert answer["moods"]
        assert (answer["place"], answer["near_in_mood"], answer["near_in_look"]) == (None, [], [])
        assert client.get("/thumbs/0").status == 404
        assert client.get("/api/albums/x").status == 404
        assert client.get("/health").json["albums"] == 0
