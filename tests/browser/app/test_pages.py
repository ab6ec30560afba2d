"""Every page: it opens quietly, fits a phone, reads well in light and dark, and says so when there is nothing."""

import pytest
from playwright.sync_api import expect

from albumnet.web.app import app_of
from albumnet.web.loading import load_state
from albumnet.web.options import ServeOptions
from browser.app.conftest import DESKTOP, PHONE
from web.serving import serving

PAGES = ("/", "/map", "/albums", "/albums/{album}", "/set", "/report", "/albums?q=nothing+has+this+name")


def address(site, path):
    return site.address + path.format(album=site.state.albums[3].album_id)


@pytest.mark.parametrize("path", PAGES)
def test_page_fits_desktop_and_phone_and_has_no_serious_fault(browser, site, find_faults, path):
    for size, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page = browser.new_page(viewport=size, color_scheme=scheme)
        page.goto(address(site, path))
        page.wait_for_load_state("networkidle")
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert find_faults(page) == []


def test_missing_page_says_so_and_leads_on(browser, site):
    page = browser.new_page()
    assert page.goto(f"{site.address}/albums/none-such").status == 404
    expect(page.locator("h1")).to_contain_text("No album")
    page.get_by_role("main").get_by_role("link", name="Browse").click()
    expect(page.locator("h1")).to_have_text("Browse")
    browser.complaints.clear()  # Chromium logs the 404


def test_dark_and_light_follow_the_system_until_the_button_is_pressed(browser, site):
    page = browser.new_page(color_scheme="dark")
    page.goto(site.address)
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(23, 22, 20)"
    page.get_by_role("button", name="Dark colours").click()
    assert page.evaluate(paper) == "rgb(252, 251, 248)"
    page.goto(f"{site.address}/albums")
    assert page.evaluate(paper) == "rgb(252, 251, 248)"
    expect(page.get_by_role("button", name="Dark colours")).to_have_attribute("aria-pressed", "false")


def test_map_is_drawn_anew_when_light_turns_dark(browser, site, wait_until):
    page = browser.new_page(color_scheme="light")
    page.goto(f"{site.address}/map")
    corner = "[...document.getElementById('map').getContext('2d').getImageData(3, 3, 1, 1).data].slice(0, 3).join()"
    wait_until(page, f"window.albumnetMap && {corner} === '252,251,248'")
    page.get_by_role("button", name="Dark colours").click()
    wait_until(page, f"{corner} === '23,22,20'")


def test_album_shows_true_and_predicted_moods_side_by_side(browser, site):
    album = site.state.albums[3]
    page = browser.new_page(viewport=DESKTOP)
    page.goto(f"{site.address}/albums/{album.album_id}")
    expect(page.locator("h1")).to_have_text(album.title)
    assert page.locator(".said li").all_inner_texts() == list(album.moods)
    said, predicted = page.locator(".said").bounding_box(), page.locator(".mood-bars").bounding_box()
    assert predicted["x"] > said["x"] + 200
    assert abs(predicted["y"] - said["y"]) < 60
    assert page.locator(".mood-bars li").count() == min(10, len(site.state.model.config.moods))
    assert page.get_by_role("heading", name="Near in mood").count() == 1
    assert page.locator(".neighbours").first.locator("li").count() == 12
    page.get_by_role("link", name="See it on the map").click()
    expect(page.locator("#panel h2")).to_have_text(album.title)


def test_report_runs_its_own_script_in_a_frame_of_no_origin(browser, site):
    page = browser.new_page()
    page.goto(f"{site.address}/report")
    frame = page.frame_locator("iframe")
    expect(frame.locator("body")).to_contain_text("sorted")
    assert page.frames[1].evaluate("self.origin") == "null"


@pytest.mark.parametrize("served", ["set", "model"])
def test_what_is_not_served_is_an_empty_state(browser, planted, find_faults, tmp_path, served):
    album_set, run, _ = planted
    options = (
        ServeOptions(album_set=album_set, app_dir=tmp_path)
        if served == "set"
        else ServeOptions(model=run, app_dir=tmp_path)
    )
    with serving(app_of(load_state(options))) as client:
        page = browser.new_page(viewport=PHONE)
        for path in ("/", "/map", "/albums", "/set", "/report"):
            page.goto(f"http://127.0.0.1:{client.port}{path}")
            assert page.locator("h1").count() == 1
        absent = "/" if served == "set" else "/albums"
        page.goto(f"http://127.0.0.1:{client.port}{absent}")
        expect(page.locator(".empty")).to_contain_text("albumnet serve --")
        assert find_faults(page) == []
        page.close()
