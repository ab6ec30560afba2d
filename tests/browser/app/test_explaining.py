"""Why a mood: pressed bars, the map over the cover, shares and guesses, and sliders that change the cover."""

import pytest
from playwright.sync_api import expect

from browser.app.conftest import DESKTOP, PHONE

ROW = 3


@pytest.fixture
def open_album(browser, site):
    def open_it(row=ROW, **options):
        page = browser.new_page(**{"viewport": DESKTOP, **options})
        page.goto(f"{site.address}/albums/{site.state.albums[row].album_id}")
        page.wait_for_load_state("networkidle")
        return page

    return open_it


def bar(page, n=0):
    return page.locator(".mood-bar").nth(n)


def has_map(page):
    return page.locator(".map-layer[src]")


def test_pressing_a_mood_toggles_its_map_over_the_cover(open_album):
    page = open_album()
    expect(bar(page)).to_have_attribute("aria-pressed", "false")
    bar(page).click()
    expect(bar(page)).to_have_attribute("aria-pressed", "true")
    expect(has_map(page)).to_be_visible(timeout=30_000)
    mood = bar(page).get_attribute("data-mood")
    expect(has_map(page)).to_have_attribute("alt", f"Where the model looked for {mood}")
    expect(page.locator(".map-verdict")).to_contain_text("likeness")
    cover, layer = page.locator(".map-cover").bounding_box(), has_map(page).bounding_box()
    assert cover == layer
    bar(page, 1).click()
    expect(bar(page)).to_have_attribute("aria-pressed", "false")
    expect(has_map(page)).not_to_have_attribute("alt", f"Where the model looked for {mood}", timeout=30_000)
    bar(page, 1).click()
    expect(page.locator(".map-figure")).to_have_count(0)
    assert page.locator(".mood-bar[aria-pressed=true]").count() == 0


def test_all_of_it_works_by_keyboard(open_album):
    page = open_album()
    bar(page).focus()
    page.keyboard.press("Enter")
    expect(has_map(page)).to_be_visible(timeout=30_000)
    slider = page.get_by_label("Opacity of the map")
    before = float(has_map(page).evaluate("layer => getComputedStyle(layer).opacity"))
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("output[for=map-opacity]")).to_have_text("65 %")
    assert slider.get_attribute("aria-valuetext") == "65 %"
    after = float(has_map(page).evaluate("layer => getComputedStyle(layer).opacity"))
    assert (before, after) == (pytest.approx(0.85), pytest.approx(0.65))
    bar(page).focus()
    page.keyboard.press(" ")
    expect(page.locator(".map-figure")).to_have_count(0)


def test_beside_the_map_are_shares_and_guesses(open_album):
    page = open_album()
    bar(page).click()
    expect(page.locator(".shares li")).to_have_count(3, timeout=30_000)
    assert [text.split()[0] for text in page.locator(".shares li").all_inner_texts()] == ["cover", "genre", "year"]
    expect(page.locator(".guesses li")).to_have_count(5)
    expect(page.locator(".map-figure")).to_contain_text("not that it is right")


def test_a_refused_map_is_a_warning_and_no_picture(open_album):
    page = open_album()
    refused = {
        "mood": "Calm",
        "method": "HiResCAM",
        "likeness": 0.71,
        "most_likeness": 0.5,
        "is_refused": True,
        "map": None,
    }
    page.route("**/api/explain/map*", lambda route: route.fulfill(json=refused))
    bar(page).click()
    expect(page.locator(".map-verdict.refused")).to_contain_text("No map of Calm can be believed")
    expect(page.locator(".map-layer")).to_be_hidden()
    expect(page.get_by_label("Opacity of the map")).to_be_hidden()


def test_sliders_change_the_cover_and_say_what_moves(open_album):
    page = open_album()
    bar(page).click()
    hue = page.get_by_label("Hue")
    hue.wait_for(timeout=30_000)
    hue.fill("120")
    expect(page.locator("output[for=change-hue]")).to_have_text("+120°")
    expect(page.locator(".why .status")).to_contain_text("further than encoding alone", timeout=30_000)
    expect(page.get_by_alt_text("The changed cover as the model sees it")).to_be_visible()
    page.get_by_label("Flip left and right").check()
    expect(page.locator(".why .status")).to_contain_text("further than encoding alone", timeout=30_000)
    page.get_by_role("button", name="As it was").click()
    expect(page.get_by_alt_text("The changed cover as the model sees it")).to_be_hidden()
    expect(page.locator(".moved li")).to_have_count(0)
    assert hue.input_value() == "0"


def test_moods_that_moved_are_shown_with_what_encoding_alone_did(open_album):
    page = open_album()
    moved = {"before": 0.2, "after": 0.5, "moved": 1.4, "by_encoding": 0.2, "encoding_low": 0.17, "encoding_high": 0.23}
    still = {**moved, "after": 0.21, "moved": 0.06}
    moods = [{"mood": "Calm", "is_beyond": True, **moved}, {"mood": "Wild", "is_beyond": False, **still}]
    picture = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
    page.route(
        "**/api/explain/change*", lambda route: route.fulfill(json={"cover": picture, "n_beyond": 1, "moods": moods})
    )
    bar(page).click()
    page.get_by_label("Brightness").fill("0.6", timeout=30_000)
    expect(page.locator(".moved li")).to_have_count(1)
    expect(page.locator(".moved li")).to_contain_text("encoding alone: 17 % to 23 %")
    expect(page.locator(".why .status")).to_have_text("1 of 2 moods move further than encoding alone moves them.")


def test_without_the_extra_its_name_stands_where_it_would_be(open_album):
    page = open_album()
    why = "finding faces and lettering needs OpenCV; pip install 'albumnet[explain]'"
    told = {
        "backbone": "b",
        "guesses": [],
        "why_no_guesses": "b was never trained to name things",
        "shares": None,
        "is_exact": None,
        "why_no_shares": "model 1 looks at the cover alone",
        "regions": {},
        "why_no_regions": why,
    }
    page.route("**/api/explain/cover*", lambda route: route.fulfill(json=told))
    bar(page).click()
    expect(page.get_by_text("pip install 'albumnet[explain]'")).to_be_visible()
    expect(page.get_by_label("Blur faces")).to_be_disabled()
    expect(page.get_by_label("Blur lettering")).to_be_disabled()
    expect(page.locator(".why .empty")).to_contain_text("never trained to name things")
    expect(page.locator(".map-figure")).to_contain_text("looks at the cover alone")


def test_a_busy_server_is_asked_again(browser, open_album):
    page, answers = open_album(), []

    def answer(route):
        answers.append(1)
        if len(answers) > 1:
            return route.continue_()
        return route.fulfill(status=429, headers={"Retry-After": "1"}, json={"error": "busy"})

    page.route("**/api/explain/map*", answer)
    bar(page).click()
    expect(page.locator(".map-verdict")).to_contain_text("Trying again in 1 s")
    expect(has_map(page)).to_be_visible(timeout=30_000)
    browser.complaints.clear()  # Chromium logs the 429


def test_a_cover_that_was_read_is_explained_by_sending_it_again(browser, site):
    page = browser.new_page(viewport=DESKTOP)
    page.goto(site.address)
    page.set_input_files("#file", site.covers[6])
    bar(page).wait_for(timeout=30_000)
    bar(page).click()
    expect(has_map(page)).to_be_visible(timeout=30_000)
    asked = [url for url in browser.requests if "/api/explain/" in url]
    assert len(asked) == 2
    assert not any("album=" in url for url in asked)
    pressed = bar(page).get_attribute("data-mood")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(f'.mood-bar[data-mood="{pressed}"]')).to_have_attribute("aria-pressed", "true")
    expect(has_map(page)).to_be_visible()


def test_on_a_phone_the_map_opens_under_its_mood(open_album):
    page = open_album(viewport=PHONE)
    bar(page, 1).click()
    expect(has_map(page)).to_be_visible(timeout=30_000)
    assert page.locator(".mood-bars li").nth(1).locator(".map-figure").count() == 1
    page.set_viewport_size(DESKTOP)
    expect(page.locator("#why-slot .map-figure")).to_be_visible()


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_opened_explanations_fit_and_have_no_serious_fault(open_album, find_faults, size, scheme):
    page = open_album(viewport=size, color_scheme=scheme)
    bar(page).click()
    expect(has_map(page)).to_be_visible(timeout=30_000)
    page.get_by_label("Hue").fill("120", timeout=30_000)
    expect(page.locator(".why .status")).to_contain_text("further than encoding alone", timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert find_faults(page) == []
