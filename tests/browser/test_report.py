"""The report in a real browser: it sorts, fits a phone, prints, and asks nobody for anything."""

import pytest
from playwright.sync_api import Page

import made_up_report

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# As the made-up run has them, commonest first.
COMMONEST_FIRST = ["Bleak", "Calm", "Playful", "Angry", "Lush", "Sparse", "Tense", "Warm"]


@pytest.fixture(scope="session")
def report(tmp_path_factory) -> str:
    """Address of a report on disk."""
    albums = made_up_report.make_albums()
    source = made_up_report.make_source(
        content=made_up_report.make_content(), albums=albums, config=made_up_report.make_config(albums)
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(made_up_report.render(source), "utf-8")
    return path.as_uri()


@pytest.fixture
def desk(browser, report) -> Page:
    page = browser.new_page(viewport=DESK)
    page.goto(report)
    return page


@pytest.fixture
def phone(browser, report) -> Page:
    page = browser.new_page(viewport=PHONE, is_mobile=True, has_touch=True, device_scale_factor=2)
    page.goto(report)
    return page


def moods(page: Page) -> list[str]:
    return page.locator("table.moods tbody th").all_inner_texts()


def sorting(page: Page) -> dict[str, str]:
    """Which columns say that they are sorted, and how."""
    headings = page.locator("table.moods th[aria-sort]").all()
    return {heading.inner_text(): heading.get_attribute("aria-sort") or "" for heading in headings}


def test_pressing_a_heading_sorts_and_pressing_it_again_turns_it_round(desk):
    assert (moods(desk), sorting(desk)) == (COMMONEST_FIRST, {})
    heading = desk.locator("table.moods").get_by_role("button", name="ROC-AUC")
    heading.click()
    # What is undefined is last either way.
    assert moods(desk) == ["Tense", "Sparse", "Lush", "Angry", "Playful", "Calm", "Bleak", "Warm"]
    assert sorting(desk) == {"ROC-AUC": "descending"}
    heading.click()
    assert moods(desk) == COMMONEST_FIRST
    assert sorting(desk) == {"ROC-AUC": "ascending"}


def test_names_are_sorted_from_a_to_z_first_and_only_one_column_says_it_is_sorted(desk):
    table = desk.locator("table.moods")
    table.get_by_role("button", name="Albums").click()
    table.get_by_role("button", name="Mood").click()
    assert moods(desk) == sorted(COMMONEST_FIRST)
    assert sorting(desk) == {"Mood": "ascending"}


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_heading_is_reached_and_pressed_by_keyboard(desk, key):
    table = desk.locator("table.moods")
    table.get_by_role("button", name="Mood").focus()
    desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.textContent") == "Albums"
    desk.keyboard.press(key)
    assert sorting(desk) == {"Albums": "descending"}
    desk.keyboard.press(key)
    assert moods(desk) == COMMONEST_FIRST[::-1]
    assert desk.evaluate("document.activeElement.textContent") == "Albums"
    outline = desk.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_rows_keep_their_pictures_when_sorted(desk):
    row = desk.locator("table.moods tbody tr", has=desk.get_by_role("rowheader", name="Calm", exact=True))
    before = row.locator(".tile").first.get_attribute("aria-label")
    desk.locator("table.moods").get_by_role("button", name="AP").first.click()
    assert row.locator(".tile").first.get_attribute("aria-label") == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE, {"width": 320, "height": 640}], ids=["desk", "phone", "narrow"])
def test_the_page_is_never_wider_than_the_screen(browser, report, viewport, scheme):
    page = browser.new_page(viewport=viewport, color_scheme=scheme)
    page.goto(report)
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]


def test_wide_tables_scroll_by_themselves_on_a_phone_and_the_mood_stays_in_sight(phone):
    scroller = phone.get_by_role("region", name="Moods")
    assert scroller.evaluate("e => e.scrollWidth > e.clientWidth")
    scroller.evaluate("e => e.scrollTo(400, 0)")
    name = phone.locator("table.moods tbody th").first
    box = name.bounding_box()
    assert box is not None
    assert 0 <= box["x"] < 40


def test_figures_and_charts_fit_a_phone(phone):
    for drawing in phone.locator("svg.chart, dl.figures > div").all():
        box = drawing.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]


def test_headings_can_be_tapped(phone):
    phone.locator("table.moods").get_by_role("button", name="Mood").tap()
    assert moods(phone) == sorted(COMMONEST_FIRST)


def test_the_report_prints_on_few_pages_in_ink_on_white_even_from_a_dark_screen(browser, report):
    page = browser.new_page(viewport=DESK, color_scheme="dark")
    page.goto(report)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    # Nothing is cut off at the right edge of A4 less its margins.
    page.set_viewport_size({"width": 688, "height": 1000})
    for table in page.locator("table:visible").all():
        box = table.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 688
    printed = page.pdf(prefer_css_page_size=True, format="A4")
    assert printed.startswith(b"%PDF")
    assert 1 < printed.count(b"/Type /Page\n") <= 10


def test_the_page_asks_nobody_but_the_disk(browser, desk, report):
    desk.mouse.wheel(0, 20_000)
    desk.locator("summary").first.click()
    assert [url for url in browser.requests if not url.startswith("data:")] == [report]


def test_links_lead_to_their_sections(desk):
    for link in desk.locator("nav a").all():
        link.click()
        target = desk.locator(desk.evaluate("location.hash"))
        assert target.evaluate("e => e.getBoundingClientRect().top < innerHeight"), link.inner_text()


def test_without_scripts_everything_can_be_read(browser, report):
    page = browser.new_page(java_script_enabled=False)
    page.goto(report)
    assert page.get_by_role("heading", level=2).count() >= 9
    assert len(page.locator("table.moods tbody th").all()) == len(COMMONEST_FIRST)
