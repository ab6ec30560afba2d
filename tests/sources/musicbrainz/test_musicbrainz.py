"""An import from a stand-in that answers as MusicBrainz and the Cover Art Archive do."""

import io
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from albumnet.dataset import AlbumSet
from albumnet.errors import AlbumSetError, InputTableError, SourceError
from albumnet.records import MoodAliases
from albumnet.sources.musicbrainz import Addresses, Wanted, import_musicbrainz, make_client
from albumnet.sources.musicbrainz.mood_tags import load_mood_tags
from stand_in import Answer, serving


def mbid(n):
    return f"00000000-0000-4000-8000-{n:012d}"


def jpeg(n):
    file = io.BytesIO()
    Image.new("RGB", (50, 50), (n % 256, 90, 9)).save(file, "JPEG")
    return file.getvalue()


def release_group(n):
    return {
        "id": mbid(n),
        "title": f"Title {n}",
        "first-release-date": f"{1970 + n % 40}-05-01",
        "artist-credit": [{"name": f"Artist {n % 7}", "joinphrase": ""}],
        "genres": [{"name": "rock", "count": 4}],
        "tags": [{"name": "rock", "count": 4}, {"name": "melancholic", "count": 2}, {"name": "seen live", "count": 1}],
    }


class Service:
    """`n_groups` release groups; every tenth has no cover. `asked` has what was asked for in all."""

    def __init__(self, site, n_groups=25):
        self.site, self.n_groups = site, n_groups
        site.respond = self.respond

    @property
    def addresses(self):
        return Addresses(api=f"{self.site.address}/ws/2", covers=f"{self.site.address}/caa")

    def respond(self, path):
        where, asked = urlsplit(path).path, {key: value[0] for key, value in parse_qs(urlsplit(path).query).items()}
        if where == "/ws/2/release-group":
            offset, limit = int(asked["offset"]), int(asked["limit"])
            rows = [release_group(n) for n in range(offset, min(offset + limit, self.n_groups))]
            total = {"count": self.n_groups} if "query" in asked else {"release-group-count": self.n_groups}
            return Answer(body=json.dumps({**total, "release-groups": rows}).encode())
        if where.startswith("/ws/2/release-group/"):
            n = int(where[-12:])
            return Answer(body=json.dumps(release_group(n)).encode()) if n < self.n_groups else Answer(404, b"{}")
        if where.startswith("/caa/"):
            n = int(where.split("/")[3][-12:])
            return (
                Answer(404)
                if n % 10 == 9
                else Answer(307, headers={"Location": f"/archive/{n}/{where.split('-')[-1]}"})
            )
        return Answer(body=jpeg(int(where.split("/")[2])))


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("albumnet.sources.musicbrainz.release_groups.PAGE_SIZE", 10)
    with serving() as site:
        yield Service(site)


@pytest.fixture
def get(service, tmp_path):
    def run(wanted, out=tmp_path / "set", **options):
        client = make_client(out, contact="me@example.org", delay_s=0)
        return import_musicbrainz(wanted, out=out, client=client, addresses=service.addresses, **options)

    return run


def test_a_query_becomes_a_set_page_by_page(get, service):
    imported = get(Wanted(query="tag:melancholic AND primarytype:album"))
    albums = imported.result.album_set.albums
    assert len(albums) == 25
    assert albums[3].album_id == mbid(3)
    assert (albums[3].artist, albums[3].year, albums[3].genres, albums[3].moods) == (
        "Artist 3", 1973, ("rock",), ("Melancholy",),
    )  # fmt: skip
    pages = [path for path in service.site.paths if path.startswith("/ws/2/release-group?")]
    assert [parse_qs(urlsplit(page).query)["offset"] for page in pages] == [["0"], ["10"], ["20"]]
    assert imported.result.album_set.read_cover(albums[3].cover) == jpeg(3)


def test_albums_without_a_cover_are_kept_and_are_no_failure(get):
    imported = get(Wanted(query="x"))
    assert imported.without_cover == 2
    assert imported.result.failures == ()
    assert imported.result.album_set.albums[9].cover is None


def test_tags_of_no_known_mood_are_counted_and_genres_are_none(get, tmp_path):
    imported = get(Wanted(query="x"))
    assert imported.unmapped_tags == {"seen live": 25}
    assert (tmp_path / "set" / "unmapped_tags.csv").read_text() == "variant,mood,albums\nseen live,,25\n"


def test_an_edited_table_of_moods_is_used(get):
    imported = get(Wanted(query="x"), mood_tags=MoodAliases({"seenlive": "Lively"}))
    assert imported.result.album_set.vocabulary.names == ("Lively",)
    assert imported.unmapped_tags == {"melancholic": 25}


@pytest.mark.parametrize("size", [250, 1200])
def test_covers_come_in_the_size_asked_for(get, service, size):
    get(Wanted(mbids=(mbid(3),)), cover_size=size)
    assert service.site.paths[-2:] == [f"/caa/release-group/{mbid(3)}/front-{size}", f"/archive/3/{size}"]


def test_an_artist_by_id_and_a_collection_are_browsed_with_genres(get, service, tmp_path):
    get(Wanted(artist=mbid(77)))
    get(Wanted(collection=mbid(78)), out=tmp_path / "other")
    first = [path for path in service.site.paths if "offset=0" in path]
    assert f"artist={mbid(77)}&inc=artist-credits+tags+genres" in first[0]
    assert f"collection={mbid(78)}&inc=artist-credits+tags+genres" in first[1]


def test_an_artist_by_name_is_searched_for(get, service):
    get(Wanted(artist='The "Quoted"', most=1))
    assert parse_qs(urlsplit(service.site.paths[0]).query)["query"] == ['artistname:"The \\"Quoted\\""']


def test_no_more_than_the_most_are_taken(get, service):
    assert len(get(Wanted(query="x", most=12)).result.album_set.albums) == 12
    assert sum(path.startswith("/ws/2/") for path in service.site.paths) == 2


def test_an_interrupted_import_asks_for_nothing_twice(get, service, tmp_path):
    def stop(progress):
        if progress.stage == "covers asked for" and progress.done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(Wanted(query="x", most=20), progress=stop)
    assert not (tmp_path / "set" / "albums.parquet").exists()
    get(Wanted(query="x", most=20))
    assert len(service.site.paths) == len(set(service.site.paths))
    n_asked = len(service.site.paths)
    assert get(Wanted(query="x", most=20)).result.was_there_already
    assert len(service.site.paths) == n_asked
    with pytest.raises(AlbumSetError, match="--force"):
        get(Wanted(query="y", most=20))


def test_terms_and_funnel_are_on_the_card(get, tmp_path):
    get(Wanted(query="x"))
    card = (tmp_path / "set" / "card.md").read_text("utf-8")
    assert "| MusicBrainz | names and dates CC0; tags CC BY-NC-SA 3.0" in card
    assert "| release groups found | 25 |" in card
    assert AlbumSet(tmp_path / "set").provenance.funnel[-1].albums == 23


def test_nothing_found_is_one_line(get, service):
    service.n_groups = 0
    with pytest.raises(InputTableError, match="no release group for the query 'x'"):
        get(Wanted(query="x"))


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(mbids=("abc",)), "'abc' is no MusicBrainz id"),
        (Wanted(collection="abc"), "'abc' is no MusicBrainz id"),
        (Wanted(mbids=(mbid(999),)), "MusicBrainz has nothing at"),
    ],
)
def test_wrong_ids_are_one_line(get, wanted, message):
    with pytest.raises(SourceError, match=message):
        get(wanted)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"count": "many", "release-groups": []}'])
def test_answers_of_another_form_are_one_line(get, service, body):
    service.site.respond = lambda path: Answer(body=body)
    with pytest.raises(SourceError) as caught:
        get(Wanted(query="x"))
    assert "\n" not in str(caught.value)


def test_the_packaged_table_gives_moods_of_the_usual_names():
    table = load_mood_tags().mood_of_variant
    assert len(table) > 200
    assert table["melancholic"] == "Melancholy"
