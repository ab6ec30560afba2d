"""Where a set came from stands beside it, and on its card."""

import pytest

from albumnet.dataset import Provenance, Step, Terms, write_album_set
from albumnet.dataset.card import write_card
from albumnet.dataset.provenance import read_provenance, write_provenance
from albumnet.errors import SchemaVersionError
from albumnet.records import Album, build_vocabulary

PROVENANCE = Provenance((Terms("x", "CC0", "https://example.org"),), (Step("found", 9), Step("reviewed", 4)))


def test_what_is_written_is_read(tmp_path):
    write_provenance(tmp_path, PROVENANCE)
    assert read_provenance(tmp_path) == PROVENANCE


def test_a_set_that_does_not_say_has_none(tmp_path):
    assert read_provenance(tmp_path) == Provenance()


@pytest.mark.parametrize(
    "content", ['{"schema_version": 1}', '{"schema_version": 1, "terms": [{"x": 1}], "funnel": []}']
)
def test_a_broken_file_is_one_line(tmp_path, content):
    (tmp_path / "provenance.json").write_text(content)
    with pytest.raises(SchemaVersionError, match=r"provenance\.json is broken"):
        read_provenance(tmp_path)


def test_the_card_shows_terms_and_funnel(tmp_path):
    albums = [Album("1", moods=("Warm",))]
    vocabulary = build_vocabulary([("Warm",)])
    album_set = write_album_set(tmp_path, albums, vocabulary=vocabulary, import_digest="", provenance=PROVENANCE)
    album_set.write_splits({"1": "train"}, seed=0)
    card = write_card(album_set)
    assert "| found | 9 |\n| reviewed | 4 |" in card
    assert "| x | CC0 |" in card
    assert "| 1 | 1 |" in card.partition("| moods per album | albums |")[2]
