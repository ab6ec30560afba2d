"""The report's page: what strangers named stays text, undefined says so, and nothing is asked of another host."""

import re
from dataclasses import replace

import numpy as np
import pytest

from albumnet.metrics import Estimate
from albumnet.study import KeyItem, read_key
from albumnet.study.analysis import analyse, party_of_rater, party_of_set
from albumnet.study.page import in_words, number, render_study

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def page(answered, book):
    raters = [
        replace(party_of_rater(answered, name, book.current(name)), name=f"{name}{EVIL}") for name in ("anna", "ben")
    ]
    again = [party_of_rater(answered, name, book.current(name), showing=2) for name in ("anna", "ben")]
    key = read_key(answered)
    items = {i: KeyItem(k.album_id, EVIL, f'"{EVIL}', k.cover, k.moods) for i, k in key.items.items()}
    key = replace(key, items=items)
    others = [party_of_set(answered, key)]
    findings = analyse(answered.moods, raters, again, others, n_resamples=100, rng=np.random.default_rng(0))
    return render_study(answered, key, findings, raters=raters, others=others)


def test_names_of_raters_albums_and_artists_stay_text(page):
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 12


def test_page_needs_nothing_but_itself(page):
    assert "default-src 'none'" in page
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert page.count("data:image/jpeg;base64,") == 12


def test_simulated_raters_are_called_so_at_the_top_and_beside_their_names(page):
    assert "SIMULATED" in page[: page.index("In short")]
    assert page.count("(simulated)") == 2


def test_words_stand_beside_number_and_interval_only():
    assert in_words(Estimate(0.25, 0.1, 0.4)) == "0.25 [0.10, 0.40] slight to fair"
    assert in_words(Estimate(0.25, float("nan"), float("nan"))) == "0.25"
    assert in_words(Estimate(*[float("nan")] * 3)) == "undefined"
    assert number(-0.001) == "0.00"
    assert number(-0.25) == "−0.25"
