"""More like this: by mood, by look and by listeners, on an album's page and on the map."""

import pytest
from playwright.sync_api import expect

from albumnet.web.app import app_of
from albumnet.web.loading import load_state
from albumnet.web.options import ServeOptions
from browser.app.conftest import DESKTOP, PHONE
from web.serving import serving

KINDS = {"Mood": "near_in_mood", "Look": "near_in_look", "Listeners": "near_by_listeners"}


@pytest.fixture(scope="module")
def album(site):
    """One that somebody likes."""
    return next(a for row, a in enumerate(site.state.albums) if not site.state.why_no_listeners(row))


def test_an_albums_page_has_all_three_with_reasons(browser, site, album):
    page = browser.new_page(viewport=DESKTOP)
    page.goto(f"{site.address}/albums/{album.album_id}")
    card = site.state.card(album)
    alike = page.locator(".alike")
    assert alike.locator("h3").all_inner_texts() == ["Near in mood", "Near in look", "Liked by the same people"]
    listed = alike.locator("section", has_text="Liked by the same people").locator("li")
    assert listed.count() == len(card["near_by_listeners"])
    assert listed.first.locator(".reason").inner_text() == card["near_by_listeners"][0]["reason"]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_the_map_marks_what_is_near_the_open_album_by_the_chosen_kind(
    browser, site, album, wait_until, find_faults, size
):
    page = browser.new_page(viewport=size)
    page.goto(f"{site.address}/map?album={album.album_id}")
    page.locator(".kinds").wait_for()
    card = site.state.card(album)
    for kind, key in KINDS.items():
        button = page.get_by_role("group", name="More like this").get_by_role("button", name=kind)
        button.focus()
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-pressed", "true")
        assert page.locator(".kinds [aria-pressed=true]").count() == 1
        rows = [near["row"] for near in card[key] if near["row"] < site.state.n_on_map]
        assert page.evaluate("albumnetMap.near.map((i) => albumnetMap.points.rows[i])") == rows
        assert page.locator("#panel .shelf li").count() == min(6, len(card[key]))
    assert find_faults(page) == []
    # The chosen kind stays when another album is opened, and nothing is marked when the panel is closed.
    page.locator("#panel .shelf a").first.click()
    wait_until(page, f"albumnetMap.album !== {album.album_id!r}")
    expect(page.get_by_role("button", name="Listeners")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Close").click()
    assert page.evaluate("albumnetMap.near.length") == 0


def test_without_listeners_both_pages_say_how_to_get_them(browser, planted, tmp_path):
    album_set, run, _ = planted
    with serving(app_of(load_state(ServeOptions(album_set=album_set, model=run, app_dir=tmp_path)))) as client:
        page = browser.new_page(viewport=DESKTOP)
        album_id = client.get("/api/map/labels?rows=2").json[0]["album_id"]
        for path in (f"/albums/{album_id}", f"/map?album={album_id}"):
            page.goto(f"http://127.0.0.1:{client.port}{path}")
            page.wait_for_load_state("networkidle")
            if "map" in path:
                page.get_by_role("button", name="Listeners").click()
            expect(page.locator("code", has_text="albumnet recommend fit")).to_be_visible()
        page.close()
