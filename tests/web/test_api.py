"""The contract of every address that answers JSON or bytes."""

import csv
import io
import json

import numpy as np
import pytest

from albumnet.web.app import app_of
from albumnet.web.security import SECURITY_HEADERS
from web.serving import serving


def test_health_says_what_is_served(client, state):
    answer = client.get("/health")
    assert answer.status == 200
    assert answer.json == {"status": "ok", "albums": 40, "model": state.model.kind.title, "map": True}


@pytest.mark.parametrize("path", ["/health", "/api/map/meta", "/nothing", "/api/nothing", "/thumbs/0"])
def test_every_answer_carries_the_security_headers(client, path):
    answer = client.get(path)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert "server" not in answer.headers


def test_meta_says_what_the_map_shows_besides_its_points(client, state):
    meta = client.get("/api/map/meta").json
    assert meta["n"] == 40
    assert meta["version"] == state.version
    assert [mood["name"] for mood in meta["moods"]] == [place.name for place in state.mood_map.moods]
    assert all(0 <= mood["x"] <= 1 and 0 <= mood["y"] <= 1 for mood in meta["moods"])
    n_of_genre = dict(map(tuple, meta["genres"]))
    assert n_of_genre == {
        genre: sum(genre in album.genres for album in state.albums) for album in state.albums for genre in album.genres
    }
    assert list(n_of_genre.values()) == sorted(n_of_genre.values(), reverse=True)
    assert sum(n for _, n in meta["decades"]) == sum(album.year is not None for album in state.albums)
    assert meta["mood_filter"]
    assert 0 <= meta["trustworthiness"] <= 1


def test_points_are_columns_of_numbers_and_are_kept_under_their_version_alone(client, state):
    version = client.get("/api/map/meta").json["version"]
    answer = client.get(f"/api/map/points.bin?v={version}")
    n = state.n_on_map
    assert len(answer.body) == 10 * n
    x, y = np.frombuffer(answer.body, "<f4", 2 * n).reshape(2, n)
    assert np.array_equal(np.stack([x, y], axis=1), state.mood_map.xy)
    family, has_cover = np.frombuffer(answer.body, np.uint8, offset=8 * n).reshape(2, n)
    assert np.array_equal(family, state.family_of_row)
    assert set(family.tolist()) <= {*range(8), 255}
    assert has_cover.all()
    assert "immutable" in answer.headers["cache-control"]
    assert "immutable" not in client.get("/api/map/points.bin?v=older").headers["cache-control"]


def bits_of(answer, n):
    return np.flatnonzero(np.unpackbits(np.frombuffer(answer.body, np.uint8), bitorder="little")[:n])


def test_match_is_a_bit_per_row(client, state):
    album = state.albums[7]
    answer = client.get(f"/api/map/match?q={album.title.replace(' ', '%20').upper()}")
    assert len(answer.body) == 5
    rows = bits_of(answer, 40)
    assert 7 in rows
    assert answer.headers["x-matched"] == "text"
    assert int(answer.headers["x-count"]) == len(rows)
    everything = client.get("/api/map/match")
    assert int(everything.headers["x-count"]) == 40


def test_match_combines_filters(client, state):
    genre = state.albums[0].genres[0] if state.albums[0].genres else state.albums[1].genres[0]
    answer = client.get(f"/api/map/match?genre={genre.replace(' ', '%20').replace('&', '%26')}&decade=1970s")
    expected = [
        row
        for row, album in enumerate(state.albums)
        if genre in album.genres and album.year is not None and 1970 <= album.year < 1980
    ]
    assert bits_of(answer, 40).tolist() == expected


def test_match_understands_mood_words_and_says_so(client, state):
    answer = client.get("/api/map/match?q=mood:sunny%20zzzz")
    assert answer.headers["x-matched"] == "mood"
    assert int(answer.headers["x-count"]) == 40  # the nearest 500 are all there are
    answer = client.get("/api/map/match?q=qqqqzzzz")
    assert (answer.headers["x-matched"], answer.headers["x-count"]) == ("none", "0")


@pytest.mark.parametrize(
    "query", ["decade=seventies", "decade=19", "q=" + "x" * 500, "genre=" + "x" * 500], ids=lambda q: q[:12]
)
def test_match_refuses_what_it_cannot_read(client, query):
    answer = client.get(f"/api/map/match?{query}")
    assert answer.status == 422
    assert answer.error


def test_labels_are_those_of_the_rows_asked_for(client, state):
    labels = client.get("/api/map/labels?rows=3,0").json
    assert [label["row"] for label in labels] == [3, 0]
    album = state.albums[3]
    assert labels[0] == {
        "row": 3,
        "album_id": album.album_id,
        "artist": album.artist,
        "title": album.title,
        "year": album.year,
        "cover": True,
    }


@pytest.mark.parametrize("rows", ["40", "-1", "x", "1;2", ",".join(["1"] * 513)], ids=lambda rows: rows[:5])
def test_labels_refuse_rows_that_there_are_not(client, rows):
    answer = client.get(f"/api/map/labels?rows={rows}")
    assert answer.status == 422
    assert "rows" in answer.error


def test_album_answers_all_that_is_known(client, state):
    album = state.albums[5]
    card = client.get(f"/api/albums/{album.album_id}").json
    assert card["row"] == 5
    assert card["moods"] == list(album.moods)
    assert card["genres"] == list(album.genres)
    probabilities = [mood["probability"] for mood in card["predicted"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert len(probabilities) == len(state.model.config.moods)
    assert card["place"] == {"x": float(state.mood_map.xy[5][0]), "y": float(state.mood_map.xy[5][1])}
    for near in (card["near_in_mood"], card["near_in_look"]):
        assert len(near) == 12
        assert 5 not in [neighbour["row"] for neighbour in near]
        closeness = [neighbour["closeness"] for neighbour in near]
        assert closeness == sorted(closeness, reverse=True)


def test_an_album_that_there_is_not_is_404(client):
    answer = client.get("/api/albums/../../etc/passwd")
    assert answer.status == 404
    assert answer.error


def export(client, **wanted):
    return client.post("/api/export", json.dumps(wanted).encode(), Content_Type="application/json")


def test_export_as_csv_downloads_the_rows_in_order(client, state):
    answer = export(client, rows=[4, 2], format="csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="albums.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [row["album_id"] for row in rows] == [state.albums[4].album_id, state.albums[2].album_id]
    assert rows[0]["moods"] == "|".join(state.albums[4].moods)


def test_export_as_m3u_names_every_album(client, state):
    lines = export(client, rows=[4, 2], format="m3u").body.decode().splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines[1] == f"#EXTINF:-1,{state.albums[4].artist} - {state.albums[4].title}"
    assert len(lines) == 5


@pytest.mark.parametrize("wanted", [{"rows": [40], "format": "csv"}, {"rows": [1], "format": "exe"}, {"rows": "all"}])
def test_export_refuses_what_there_is_not(client, wanted):
    answer = export(client, **wanted)
    assert answer.status == 422
    assert answer.error


def test_errors_of_pages_are_pages(client):
    answer = client.get("/no-such-page")
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert b"Traceback" not in answer.body


def test_errors_of_the_api_are_json(client):
    answer = client.get("/api/no-such-thing")
    assert answer.status == 404
    assert answer.error
    assert client.get("/api/predict").status == 405


def test_what_goes_wrong_here_is_one_line_for_the_client_and_a_traceback_for_the_terminal(state, caplog):
    app = app_of(state)

    @app.get("/api/broken")
    @app.get("/broken")
    def broken() -> None:
        raise ValueError("a secret of the server's")

    with serving(app) as client:
        for path in ("/api/broken", "/broken"):
            answer = client.get(path)
            assert answer.status == 500
            assert b"secret" not in answer.body
            assert b"Traceback" not in answer.body
            assert answer.headers["content-security-policy"] == SECURITY_HEADERS["Content-Security-Policy"]
        assert client.get("/api/broken").error
        assert client.get("/health").status == 200
    assert "a secret of the server's" in caplog.text
