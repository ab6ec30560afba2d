"""`import musicbrainz` as a person uses it, against a stand-in."""

import json

import pytest

from albumnet.dataset import AlbumSet
from stand_in import Answer, serving

GROUP = {
    "id": "48140466-cff6-3222-bd55-63c27e43190d",
    "title": "Invented",
    "artist-credit": [{"name": "Nobody"}],
    "tags": [{"name": "sad", "count": 1}, {"name": "owned", "count": 1}],
}


@pytest.fixture
def asking(monkeypatch, tmp_path):
    """The command with everything but what is asked for."""
    monkeypatch.setenv("no_proxy", "*")
    with serving() as site:
        page = json.dumps({"count": 1, "release-groups": [GROUP]}).encode()
        site.respond = lambda path: Answer(body=page) if path.startswith("/api/") else Answer(404)
        mirrors = ("--api", f"{site.address}/api", "--cover-api", site.address, "--delay", 0)
        yield ("import", "musicbrainz", "--out", tmp_path / "set", "--contact", "me@example.org", *mirrors)


def test_release_groups_are_imported_and_what_is_unknown_is_told(run, asking, tmp_path):
    said = run(*asking, "--query", "tag:sad")
    assert said.code == 0
    assert "tags of no known mood: owned (1); see" in said.err
    assert "1 release groups have no front cover in the archive" in said.err
    assert AlbumSet(tmp_path / "set").albums[0].moods == ("Sad",)


def test_a_table_of_moods_can_be_given(run, asking, tmp_path):
    (tmp_path / "moods.csv").write_text("variant,mood\nowned,Confident\n")
    assert run(*asking, "--query", "tag:sad", "--moods", tmp_path / "moods.csv").code == 0
    assert AlbumSet(tmp_path / "set").vocabulary.names == ("Confident",)


@pytest.mark.parametrize("what", [(), ("--query", "x", "--artist", "y")])
def test_exactly_one_thing_is_asked_for(run, asking, what):
    said = run(*asking, *what)
    assert said.code == 2
    assert "exactly one of" in said.err


def test_the_public_service_is_not_asked_faster_than_it_wants(run, tmp_path):
    said = run("import", "musicbrainz", "--out", tmp_path, "--contact", "me", "--query", "x", "--delay", 0.1)
    assert said.code == 2
    assert "at least 1 second" in said.err


def test_a_service_that_refuses_is_one_line(run, asking, tmp_path):
    mbids = tmp_path / "mbids.txt"
    mbids.write_text("rubbish\n")
    said = run(*asking, "--mbids", mbids)
    assert said.code == 1
    assert "is no MusicBrainz id" in said.error_line
