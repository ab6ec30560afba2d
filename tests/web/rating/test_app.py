"""What a rater's link gives, and what it does not; answers outlive crashes, and many raters at once."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import numpy as np
import pytest

from albumnet.study import read_study
from albumnet.study.answers.store import AnswerBook
from albumnet.web.rating.app import create_rating_app
from albumnet.web.security import SECURITY_HEADERS
from web.rating.studies import EVIL_NAME, make_study, send
from web.serving import serving


@pytest.fixture
def sitting(planted_set, tmp_path):
    return make_study(planted_set, tmp_path / "study", raters=("anna", "ben", EVIL_NAME))


@pytest.fixture
def client(sitting):
    with serving(create_rating_app(sitting.path)) as client:
        yield client


@pytest.fixture
def token(sitting):
    return sitting.tokens["anna"]


def history(sitting):
    with AnswerBook(read_study(sitting.path).answers_file) as book:
        return book.history()


def test_every_answer_carries_the_security_headers_and_none_says_who_serves(client, token):
    for path in ("/", f"/r/{token}", f"/api/r/{token}/sheet", f"/covers/{token}/0", "/r/" + "x" * 32, "/nothing"):
        answer = client.get(path)
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value, path
        assert "server" not in answer.headers


def test_a_picture_s_headers_say_nothing_of_its_file(client, token):
    headers = {name.lower() for name in client.get(f"/covers/{token}/0").headers}
    assert not headers & {"last-modified", "etag", "content-disposition"}


def test_an_answer_is_kept_and_shown_to_its_rater_alone(client, sitting, token):
    mood = read_study(sitting.path).moods[2]
    answer = send(client, token, moods=[mood], cannot_tell=False)
    assert answer.status == 200
    assert answer.json["revision"] == 1
    assert client.get(f"/api/r/{token}/sheet").json["positions"][0]["moods"] == [mood]
    other = client.get(f"/api/r/{sitting.tokens['ben']}/sheet").json
    assert all(p["revision"] == 0 for p in other["positions"])


def test_the_sheet_names_no_item(client, sitting, token):
    study = read_study(sitting.path)
    body = client.get(f"/api/r/{token}/sheet").body.decode()
    assert not any(item in body for item in (*study.items, *(t.item for t in study.training)))
    assert "ben" not in body


@pytest.mark.parametrize("path", ["/r/{}", "/api/r/{}/sheet", "/covers/{}/0"])
def test_unknown_and_revoked_links_are_answered_alike(client, sitting, path):
    with AnswerBook(read_study(sitting.path).answers_file) as book:
        book.revoke_links("ben")
    revoked = client.get(path.format(sitting.tokens["ben"]))
    unknown = client.get(path.format("A" * 32))
    assert revoked.status == unknown.status == 404
    assert revoked.body == unknown.body
    assert send(client, sitting.tokens["ben"]).status == 404


@pytest.mark.parametrize(
    "path", ["/key.json", "/study.json", "/answers.sqlite", "/rating/../app.py", "/pictures/", "/docs"]
)
def test_nothing_of_the_folder_is_served(client, path):
    assert client.get(path).status == 404


@pytest.mark.parametrize("position", ["10", "-1", "x", "..%2f..%2fkey.json", "99999999999999999999"])
def test_only_positions_are_pictures(client, token, position):
    assert client.get(f"/covers/{token}/{position}").status in (404, 422)


@pytest.mark.parametrize(
    "changes",
    [
        {"position": 10}, {"position": -1}, {"revision": 0}, {"moods": ["Nonesuch"], "cannot_tell": False},
        {"moods": [], "cannot_tell": False}, {"submission": "x"}, {"seconds": -1}, {"rater": "ben"},
        {"moods": ["x" * 200], "cannot_tell": False}, {"moods": [1], "cannot_tell": False},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_answer_is_422_in_one_line_and_not_kept(client, sitting, token, changes):
    answer = send(client, token, **changes)
    assert answer.status == 422
    assert answer.error
    assert history(sitting) == []


def test_another_site_s_page_cannot_answer(client, sitting, token):
    body = json.dumps({"submission": str(uuid.uuid4()), "position": 0, "revision": 1, "moods": [], "cannot_tell": True})
    path = f"/api/r/{token}/answers"
    assert client.post(path, body.encode(), Origin="http://evil.example").status == 403
    assert client.post(path, body.encode(), Host="evil.example").status == 400
    assert history(sitting) == []


def test_sent_twice_is_kept_once_and_a_stale_revision_is_409_with_what_is_kept(client, sitting, token):
    submission = str(uuid.uuid4())
    assert [send(client, token, submission=submission).status for _ in range(3)] == [200] * 3
    mood = read_study(sitting.path).moods[0]
    stale = send(client, token, moods=[mood], cannot_tell=False)
    assert stale.status == 409
    assert stale.json["saved"]["cannot_tell"] is True
    assert send(client, token, moods=[mood], cannot_tell=False, revision=2).status == 200
    assert [a.revision for a in history(sitting)] == [1, 2]


def test_a_submission_of_another_rater_is_not_shown(client, sitting, token):
    submission = str(uuid.uuid4())
    mood = read_study(sitting.path).moods[0]
    send(client, token, submission=submission, moods=[mood], cannot_tell=False)
    answer = send(client, sitting.tokens["ben"], submission=submission)
    assert answer.status == 422
    assert mood not in answer.body.decode()


def test_script_in_a_rater_s_name_stays_text(client, sitting):
    page = client.get(f"/r/{sitting.tokens[EVIL_NAME]}").body.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def rate(port, token, *, n_answers, pause_s=0.0, took=None, acknowledged=None):
    """One rater who keeps a connection and goes round the covers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        for n in range(n_answers):
            submission = str(uuid.uuid4())
            given = {
                "submission": submission, "position": n % 10, "revision": n // 10 + 1, "moods": [],
                "cannot_tell": True, "seconds": 1.0,
            }  # fmt: skip
            start = time.perf_counter()
            connection.request(
                "POST", f"/api/r/{token}/answers", json.dumps(given), {"Content-Type": "application/json"}
            )
            response = connection.getresponse()
            response.read()
            assert response.status == 200
            if took is not None:
                took.append(time.perf_counter() - start)
            if acknowledged is not None:
                acknowledged.append(submission)
            time.sleep(pause_s)


def test_twenty_raters_at_once_lose_and_double_nothing(planted_set, tmp_path):
    names = [f"rater {n}" for n in range(20)]
    sitting = make_study(planted_set, tmp_path / "study", raters=names)
    took, acknowledged = [], []
    with serving(create_rating_app(sitting.path)) as client:
        threads = [
            threading.Thread(
                target=rate, args=(client.port, sitting.tokens[name]),
                kwargs={"n_answers": 15, "pause_s": 0.1, "took": took, "acknowledged": acknowledged},
            )
            for name in names
        ]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    kept = [a.submission for a in history(sitting)]
    assert len(kept) == len(set(kept)) == 300
    assert set(kept) == set(acknowledged)
    assert (
        np.quantile(took, 0.5) < 0.5
    )  # benchmarks/study_load.py measures; this only sees that nobody waits for others


@pytest.mark.parametrize("n_kills", [3, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])])
def test_killed_at_any_moment_every_acknowledged_answer_is_there(planted_set, tmp_path, n_kills):
    sitting = make_study(planted_set, tmp_path / "study")
    token, rng = sitting.tokens["anna"], np.random.default_rng(0)
    acknowledged: list[str] = []
    n_sent = 0
    for _ in range(n_kills):
        process, port = start_server(sitting.path)
        killer = threading.Timer(float(rng.uniform(0.02, 0.4)), os.kill, (process.pid, signal.SIGKILL))
        killer.start()
        n_sent += answer_until_killed(port, token, sitting, acknowledged)
        killer.join()
        process.wait(20)
        process.stdout.close()
        kept = [a.submission for a in history(sitting)]
        assert len(kept) == len(set(kept))
        assert set(acknowledged) <= set(kept)
    assert len(acknowledged) > n_kills
    # What was kept and not acknowledged is at most what was on its way at each kill.
    assert len(history(sitting)) - len(acknowledged) <= n_kills


def start_server(path: Path) -> tuple[subprocess.Popen, int]:
    command = [sys.executable, "-m", "albumnet", "study", "serve", str(path), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    found = re.search(r":(\d+)/", process.stdout.readline())
    assert found
    return process, int(found[1])


def answer_until_killed(port, token, sitting, acknowledged) -> int:
    """Answer as fast as the server lets one, from where it was cut off."""
    with AnswerBook(read_study(sitting.path).answers_file) as book:
        revision_of = {p: a.revision for p, a in book.current("anna").items()}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    n_sent = 0
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        while True:
            position = n_sent % 10
            submission = str(uuid.uuid4())
            given = {
                "submission": submission, "position": position, "revision": revision_of.get(position, 0) + 1,
                "moods": [], "cannot_tell": True, "seconds": 1.0,
            }  # fmt: skip
            n_sent += 1
            connection.request(
                "POST", f"/api/r/{token}/answers", json.dumps(given), {"Content-Type": "application/json"}
            )
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, body
            acknowledged.append(submission)
            revision_of[position] = given["revision"]
    return n_sent


def test_an_answer_does_not_wait_for_the_network_s_timers(client, token):
    """Nagle's delay is 40 ms for every answer on a connection that is kept."""
    took = []
    rate(client.port, token, n_answers=30, took=took)
    assert np.quantile(took, 0.25) < 0.035
