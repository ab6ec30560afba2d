"""How many explanations are let in, and what goes on while one is computed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import quote

import pytest

from albumnet.web.app import app_of
from albumnet.web.explaining import answers
from albumnet.web.options import Limits
from web.serving import draw_jpeg, serving


@pytest.fixture
def held(monkeypatch):
    """Explanations that wait until they are let go."""
    begun, let_go = threading.Semaphore(0), threading.Event()

    def tell(asked, *, mood):
        begun.release()
        assert let_go.wait(30)
        return {"mood": mood}

    monkeypatch.setattr(answers, "tell_map", tell)
    yield begun, let_go
    let_go.set()


def test_while_one_is_computed_others_wait_more_are_refused_and_covers_are_read(state, held):
    begun, let_go = held
    limits = Limits(n_explaining=2)
    path = f"/api/explain/map?album={quote(state.albums[0].album_id)}&mood=x"
    with serving(app_of(replace(state, limits=limits)), limits=limits) as client, ThreadPoolExecutor(3) as threads:
        first = threads.submit(client.get, path)
        assert begun.acquire(timeout=30)
        second = threads.submit(client.get, path)
        # Whoever comes while two are let in is told to come back.
        refused = next(answer for answer in iter(lambda: client.get(path), None) if answer.status == 429)
        assert int(refused.headers["Retry-After"]) > 0
        assert "explanations" in refused.error
        assert client.get("/health").status == 200
        assert client.read_cover(draw_jpeg()).status == 200
        let_go.set()
        answers_in = [first.result(30), second.result(30)]
        assert {answer.status for answer in answers_in} <= {200, 429}
        assert answers_in[0].json == {"mood": "x"}
        assert client.get(path).status == 200


def test_an_explanation_that_takes_too_long_is_given_up(state, held):
    _, let_go = held
    limits = Limits(explain_s=0.2)
    with serving(app_of(replace(state, limits=limits)), limits=limits) as client:
        answer = client.get(f"/api/explain/map?album={quote(state.albums[0].album_id)}&mood=x")
        assert answer.status == 503
        assert answer.headers["Retry-After"]
        assert client.get("/health").status == 200
        let_go.set()
