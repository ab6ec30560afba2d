"""The page as a file: whole, safe, self-contained, and honest about what is undefined or missing."""

import base64
import dataclasses
import hashlib
import html.parser
import io
import itertools
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from albumnet.errors import RunError
from albumnet.evaluation import result
from albumnet.records import Album
from albumnet.report import EVALUATION_VERSION, Predicted, parse_findings

VOID = {"meta", "br", "img", "link", "hr", "input"}


class Reader(html.parser.HTMLParser):
    """Elements in order, and whether every one that was opened is closed in turn."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.texts, self._open = [], [], []
        self.feed(page)
        assert not self._open, self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, (tag, self._open, self.getpos())

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def page(source, render):
    return render(source)


def test_all_tags_are_balanced(page):
    assert page.startswith("<!DOCTYPE html>")
    assert len(Reader(page).all("main")) == 1


def test_nothing_is_asked_of_the_outside(page):
    assert "http://" not in page
    assert "https://" not in page
    read = Reader(page)
    for tag, attributes in read.elements:
        assert tag not in ("link", "img", "iframe", "object")
        assert not attributes.get("src")
        assert attributes.get("href", "#").startswith("#"), tag
    assert not re.search(r"url\((?!data:image/jpeg;base64,)|@import|@font-face", page)
    assert "default-src 'none'" in page


def test_the_only_script_is_the_one_the_page_allows(page):
    assert len(Reader(page).all("script")) == 1
    script = re.search(r"<script>(.*)</script>", page, re.DOTALL)[1]
    assert f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}" in page


def test_hostile_names_stay_text(source, content, albums, render):
    evil = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
    names = (evil, *source.config.moods[1:])
    content["table"]["moods"][0]["mood"] = evil
    content["table"]["rows"][1]["title"] = evil
    content["conclusion"][0] = content["alarms"][0]["message"] = evil
    hostile = [Album(album.album_id, evil, evil, album.moods, cover=album.cover) for album in albums]
    page = render(
        dataclasses.replace(
            source,
            config=dataclasses.replace(source.config, moods=names, left_out_moods={evil: 3}),
            findings=parse_findings(content),
            albums={album.album_id: album for album in hostile},
            predicted=dataclasses.replace(source.predicted, albums=hostile, moods=names),
        )
    )
    read = Reader(page)
    assert len(read.all("script")) == 1
    assert not read.all("img")
    assert not [attributes for _, attributes in read.elements if "onerror" in attributes]
    assert any("alert" in text for text in read.texts)


def test_the_conclusion_comes_first_and_leaks_are_marked(page):
    assert page.index("No evidence that the cover adds") < page.index("What was trained on what")
    assert '<li class="leak">LEAK: 1 artist.</li>' in page


def test_headings_go_down_one_step_at_a_time(page):
    levels = [int(tag[1]) for tag, _ in Reader(page).elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_tables_have_captions_and_headings_with_scope_and_drawings_titles(page):
    read = Reader(page)
    assert len(read.all("table")) == len(read.all("caption")) > 5
    assert all(attributes.get("scope") in ("col", "row") for attributes in read.all("th"))
    assert page.count('role="img"><title>') == page.count('<svg class="chart"')


def test_links_lead_to_sections(page):
    read = Reader(page)
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["href"][1:] for attributes in read.all("a")} <= set(ids)


def test_every_mood_has_a_row_that_can_be_sorted(page, source):
    for found in source.findings.moods:
        assert f'<th scope="row" data-value="{found.mood}">' in page
    assert page.count('data-sort="number"') + page.count('data-sort="text"') == 11
    assert '<td data-value="0.61">' in page


def test_what_is_undefined_says_so_and_is_sorted_last(page):
    row = page[page.index('data-value="Warm"') :]
    row = row[: row.index("</tr>")]
    assert row.count('<span class="undefined">undefined</span>') == 3
    assert row.count('data-value=""') == 3
    assert "nan" not in row


def test_metrics_are_explained_and_unknown_ones_keep_their_name(page):
    assert "How far down its list one reads" in page
    assert "a new metric" in page
    assert "33.7 <" in page


def test_the_page_says_what_it_was_made_from(page):
    assert f'<meta name="albumnet:albums" content="{"a" * 16}">' in page
    assert '<meta name="albumnet:schema_version" content="1">' in page


def test_commands_to_do_it_again_name_the_run(page):
    assert "albumnet train records --model 4 --backbone efficientnet_lite0" in page
    assert "albumnet evaluate R4 --resamples 200 --seeds 2" in page


def test_sets_of_moods_say_what_they_promise_and_what_they_hold(page):
    section = page[page.index('<h2 id="sets">') :]
    section = section[: section.index("</section>")]
    promised = section.index("Lists that promise 80\u00a0% hold")
    assert promised < section.index("76.1\u00a0%") < section.index("4.2 ") < section.index("of 8; 6 without looking")
    assert "12.5\u00a0%" in section
    assert "Lengths of the lists of 8 albums; without looking it takes 6 moods" in section


@pytest.mark.parametrize(
    "spoil", [lambda content: content.update(coverage=None), lambda content: content.pop("coverage")]
)
def test_a_report_without_sets_of_moods_says_so(source, content, render, spoil):
    spoil(content)
    page = render(dataclasses.replace(source, findings=parse_findings(content)))
    Reader(page)
    assert "there were too few albums to choose by to promise anything" in page


def test_moods_without_a_word_vector_are_counted_and_named(source, content, render):
    content["moods_without_vectors"] = ["Zzz", "Yyy"]
    page = render(dataclasses.replace(source, findings=parse_findings(content)))
    assert "<dt>Nearness of moods</dt>" in page
    assert "not scored, 2 without a word vector" in page
    assert "Zzz, Yyy" in page


def test_a_report_on_another_set_names_both_sets(source, content, render, albums):
    content["evaluated_on"] = "the albums of other"
    # The same id on both sets is two albums.
    page = render(
        dataclasses.replace(
            source,
            findings=parse_findings(content),
            trained_on={"t0": Album("t0", "trained artist", "one"), "a0": Album("a0", "wrong", "album")},
            other_set="other",
            evaluation_name="evaluation-x.json",
        )
    )
    Reader(page)
    assert "On the albums of other: 8 albums by 6 artists" in page
    assert "40 to learn from, 9 to choose by, of records" in page
    assert "8 to judge by (6 artists), of other" in page
    assert "albumnet features records --backbone" in page
    assert "albumnet features other --backbone" in page
    assert "albumnet evaluate R4 --on other --resamples" in page
    assert "albumnet report R4 --on other" in page
    assert "R4/evaluation-x.json" in page
    assert "trained artist – one" in page
    assert "artist 0 – title 0" in page
    assert "wrong" not in page[page.index('<h2 id="leaks">') :]


def test_the_same_source_gives_the_same_page(source, render):
    assert render(source) == render(source)


def test_a_report_without_anything_but_the_evaluation_says_what_it_lacks(source, render):
    absent = {
        "albums": "the album set records is gone",
        "history": "history.csv is missing",
        "label vectors": "no vector for 'zzz'",
    }
    page = render(
        dataclasses.replace(
            source, history=(), albums={}, predicted=None, label_vectors=None, read_cover=None, absent=absent
        )
    )
    Reader(page)
    for why in absent.values():
        assert why.replace("'", "&#39;") in page
    assert "data:image" not in page
    assert "a0" in page  # albums of suspicious pairs by id


def test_a_model_without_cover_or_mood_space_has_a_report(source, content, render):
    content["collapse"] = None
    config = dataclasses.replace(source.config, model="metadata", backbone=None, embedding_size=0)
    page = render(dataclasses.replace(source, config=config, findings=parse_findings(content)))
    Reader(page)
    assert "not looked at" in page
    assert "Does not apply: metadata only predicts moods directly" in page
    assert "albumnet features" not in page


def test_a_page_of_many_moods_and_covers_stays_below_three_megabytes(source, content, render):
    rng = np.random.default_rng(0)
    moods = tuple(f"mood {chr(97 + m // 26)}{chr(97 + m % 26)}" for m in range(260))
    albums = [Album(f"a{n}", f"artist {n}", f"title {n}", cover=f"{n:064x}") for n in range(1200)]

    def read_noise(cover):
        file = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(file, "PNG")
        return file.getvalue()

    row = content["table"]["moods"][0]
    content["table"]["moods"] = [{**row, "mood": mood} for mood in moods]
    config = dataclasses.replace(source.config, moods=moods, base_rates=(0.1,) * 260)
    predicted = Predicted(albums, moods, np.zeros((1200, 260), dtype=np.uint8), rng.random((1200, 260)))
    page = render(
        dataclasses.replace(
            source,
            config=config,
            findings=parse_findings(content),
            predicted=predicted,
            label_vectors=np.eye(260),
            read_cover=read_noise,
        )
    )
    assert len(page.encode()) < 3_000_000
    assert "covers could not be shown" in page


def test_an_evaluation_that_lacks_something_is_one_line(content):
    del content["table"]["rows"]
    with pytest.raises(RunError, match=r"is not what `albumnet evaluate` writes \(KeyError: 'rows'\); run it again"):
        parse_findings(content)


def test_the_report_reads_the_version_that_evaluate_writes():
    assert EVALUATION_VERSION == result.SCHEMA_VERSION


def test_reports_never_load_torch():
    code = "import sys, albumnet.report; sys.exit('torch' in sys.modules or 'albumnet.evaluation' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
