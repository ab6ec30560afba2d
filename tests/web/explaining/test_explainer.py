"""How many explanations are let in, and what goes on while one is computed."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
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
    with serving(app_of(replace(state, limits=limits)), limits=limits) as client, ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(client.get, path) for _ in range(4)]
        # Two are let in and wait; the others are told to come back, and end first.
        ended = list(itertools.islice(as_completed(asked, timeout=60), 2))
        for answer in (each.result() for each in ended):
            assert answer.status == 429
            assert int(answer.headers["Retry-After"]) > 0
            assert "explanations" in answer.error
        assert begun.acquire(timeout=60)
        assert client.get("/health").status == 200
        assert client.read_cover(draw_jpeg()).status == 200
        let_go.set()
        waited = [each.result(60) for each in asked if each not in ended]
        assert [answer.json for answer in waited] == [{"mood": "x"}] * 2
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
