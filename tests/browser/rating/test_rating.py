"""The rating page in a real browser: by keyboard alone, by mouse, on a phone, and when things go wrong."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from albumnet.dataset import AlbumSet
from albumnet.study import read_key, read_study
from albumnet.study.answers.store import AnswerBook
from albumnet.web.rating.app import create_rating_app
from web.rating.studies import EVIL_NAME
from web.serving import serving

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 640}
N_POSITIONS = 3 + 6 + 1


def current(served, rater="anna"):
    study = read_study(served.sitting.path)
    with AnswerBook(study.answers_file) as book:
        return book.current(rater)


def history(served):
    with AnswerBook(read_study(served.sitting.path).answers_file) as book:
        return book.history()


def moods_of(served):
    return read_study(served.sitting.path).moods


def open_page(browser, served, rater="anna", **options):
    page = browser.new_page(viewport=DESKTOP, **options)
    page.goto(served.link(rater))
    expect(page.locator("#where")).to_have_text("Practice 1 of 3")
    return page


def wait_for_answers(page, served, n):
    for _ in range(200):
        if len(current(served)) == n:
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"{len(current(served))} answers instead of {n}")


def test_whole_study_by_keyboard_alone(browser, served):
    page = open_page(browser, served)
    first, second, third = moods_of(served)[:3]
    keys = page.keyboard
    keys.type(first[:4].lower())
    expect(page.locator("#suggestions li").first).to_have_text(first)
    keys.press("Enter")
    keys.type(second.lower())
    keys.press("Enter")
    keys.press("Alt+ArrowUp")
    expect(page.locator("#chosen .mood").first).to_have_text(second)
    keys.press("Control+z")
    expect(page.locator("#chosen .mood").first).to_have_text(first)
    keys.press("Alt+ArrowUp")
    keys.press("Enter")
    expect(page.locator("#where")).to_have_text("Practice 2 of 3")
    keys.type("?")
    expect(page.locator("#nothing")).to_have_text("Can’t tell from this cover.")
    keys.press("Enter")
    keys.type(third)
    keys.press("Enter")
    keys.press("Backspace")
    expect(page.locator("#chosen li")).to_have_count(0)
    keys.press("Enter")
    expect(page.locator("#nothing")).to_contain_text("Choose a mood")
    keys.press("PageUp")
    expect(page.locator("#where")).to_have_text("Practice 2 of 3")
    keys.press("PageDown")
    for _ in range(N_POSITIONS - 2):
        keys.type(third)
        keys.press("Enter")
        keys.press("Enter")
    expect(page.locator("#done-title")).to_be_visible()
    expect(page.locator("#left")).to_have_text("all answered")
    wait_for_answers(page, served, N_POSITIONS)
    answers = current(served)
    assert answers[0].moods == (second, first)
    assert answers[1].cannot_tell
    assert all(answers[n].moods == (third,) for n in range(2, N_POSITIONS))
    assert all(answer.seconds > 0 and answer.source == "page" for answer in answers.values())


def test_by_mouse_with_families_order_undo_and_back(browser, served):
    page = open_page(browser, served)
    first, second = moods_of(served)[:2]
    families = page.locator("#families")
    families.get_by_role("button", name=first, exact=True).click()
    families.get_by_role("button", name=second, exact=True).click()
    page.get_by_role("button", name=f"Stronger: {second}").click()
    expect(page.locator("#chosen .mood").first).to_have_text(second)
    page.get_by_role("button", name=f"Remove: {first}").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#chosen li")).to_have_count(2)
    page.get_by_role("button", name="Save and go on").click()
    expect(page.locator("#where")).to_have_text("Practice 2 of 3")
    page.get_by_role("button", name="Back").click()
    expect(page.locator("#chosen .mood").first).to_have_text(second)
    page.get_by_role("button", name="Can’t tell").click()
    page.get_by_role("button", name="Save and go on").click()
    wait_for_answers(page, served, 1)
    page.wait_for_timeout(300)
    assert [(a.revision, a.cannot_tell) for a in history(served)] == [(1, False), (2, True)]


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark"), (SMALL, "light")], ids=["desktop", "phone", "small phone"]
)
def test_page_fits_and_has_no_serious_fault(browser, served, size, scheme):
    page = browser.new_page(viewport=size, color_scheme=scheme)
    page.goto(served.link("anna"))
    expect(page.locator("#where")).to_have_text("Practice 1 of 3")
    page.locator("#families button").first.click()
    for button in page.locator("main#rating .buttons button").all():
        box = button.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [f["id"] + f["nodes"][0]["html"] for f in found if f["impact"] in ("serious", "critical")] == []


def test_phone_by_touch(browser, served):
    page = browser.new_page(viewport=PHONE, has_touch=True, is_mobile=True)
    page.goto(served.link("anna"))
    expect(page.locator("#where")).to_have_text("Practice 1 of 3")
    page.locator("#typed").tap()
    page.keyboard.type(moods_of(served)[0][:4])
    page.locator("#suggestions li").first.tap()
    page.get_by_role("button", name="Save and go on").tap()
    expect(page.locator("#where")).to_have_text("Practice 2 of 3")
    wait_for_answers(page, served, 1)
    assert page.get_by_role("button", name="Save and go on").bounding_box()["y"] < PHONE["height"]


def test_reload_in_the_middle_keeps_place_and_choice(browser, served):
    page = open_page(browser, served)
    first, second = moods_of(served)[:2]
    page.keyboard.type(first)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type(second)
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    page.reload()
    expect(page.locator("#where")).to_have_text("Practice 2 of 3")
    # The page fetches covers ahead, and Chromium complains if one was on its way when the page was left.
    browser.complaints.clear()
    expect(page.locator("#chosen .mood")).to_have_text([second])
    again = browser.new_page(viewport=DESKTOP)
    again.goto(served.link("anna"))
    expect(again.locator("#where")).to_have_text("Practice 2 of 3")


@pytest.mark.parametrize("choice", ["saved", "mine"])
def test_two_tabs_do_not_overwrite_each_other_silently(browser, served, choice):
    context = browser.new_context(viewport=DESKTOP)
    first, second = moods_of(served)[:2]
    tabs = [context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto(served.link("anna"))
        expect(tab.locator("#where")).to_have_text("Practice 1 of 3")
    for tab, mood in zip(tabs, (first, second), strict=True):
        tab.bring_to_front()
        tab.locator("#typed").fill(mood)
        tab.locator("#typed").press("Enter")
        tab.locator("#typed").press("Enter")
        if tab is tabs[0]:
            wait_for_answers(tab, served, 1)
    dialog = tabs[1].locator("#conflict")
    expect(dialog).to_be_visible()
    expect(tabs[1].locator("#conflict-saved")).to_have_text(first)
    expect(tabs[1].locator("#conflict-mine")).to_have_text(second)
    assert current(served)[0].moods == (first,)
    name = "Keep what is saved" if choice == "saved" else "Use what is here"
    tabs[1].get_by_role("button", name=name).click()
    expect(dialog).to_be_hidden()
    tabs[1].wait_for_timeout(300)
    answer = current(served)[0]
    assert (answer.moods, answer.revision) == (((first,), 1) if choice == "saved" else ((second,), 2))
    browser.complaints.clear()  # Chromium logs the 409


def test_lost_connection_queues_answers_and_sends_them_later_each_once(browser, served):
    page = open_page(browser, served)
    mood = moods_of(served)[0]
    page.wait_for_load_state("networkidle")  # the next pictures are there
    page.context.set_offline(True)
    for _ in range(3):
        page.keyboard.type(mood)
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
    expect(page.locator("#connection")).to_contain_text("3 answers are kept here")
    assert current(served) == {}
    page.context.set_offline(False)
    wait_for_answers(page, served, 3)
    expect(page.locator("#connection")).to_contain_text("all answers are saved")
    assert [a.position for a in history(served)] == [0, 1, 2]
    browser.complaints.clear()  # Chromium logs what it could not fetch


def test_answers_that_waited_survive_a_closed_page(browser, served):
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto(served.link("anna"))
    expect(page.locator("#where")).to_have_text("Practice 1 of 3")
    page.route("**/answers", lambda route: route.abort())
    page.locator("#typed").fill(moods_of(served)[0])
    page.locator("#typed").press("Enter")
    page.locator("#typed").press("Enter")
    expect(page.locator("#connection")).to_contain_text("1 answer is kept here")
    page.close()
    later = context.new_page()
    later.goto(served.link("anna"))
    wait_for_answers(later, served, 1)
    browser.complaints.clear()


def test_script_in_a_rater_s_name_stays_text(browser, served):
    page = open_page(browser, served, rater=EVIL_NAME)
    expect(page.locator(".who")).to_have_text(EVIL_NAME)
    assert page.title() == "Rating – AlbumNet"
    assert page.locator("img").count() == 1


def test_nothing_that_reaches_the_browser_says_which_album_it_is(browser, served, planted_set):
    """Page, addresses, headers and bytes of all answers, at every position, are searched."""
    seen: list[bytes] = []

    def keep(response):
        seen.append(response.url.replace(served.address, "").encode())
        seen.append(repr(response.all_headers()).encode())
        seen.append(response.body())

    page = browser.new_page(viewport=DESKTOP)
    waiting = []
    page.on("response", lambda response: waiting.append(response))
    page.goto(served.link("anna"))
    for _ in range(N_POSITIONS):
        expect(page.locator("#cover")).to_be_visible()
        seen.append(page.content().encode())
        page.keyboard.type("?")
        page.keyboard.press("Enter")
    expect(page.locator("#done-title")).to_be_visible()
    wait_for_answers(page, served, N_POSITIONS)
    page.wait_for_load_state("networkidle")
    for response in waiting:
        keep(response)
    everything = b"\n".join(seen)
    albums = {a.album_id: a for a in AlbumSet(planted_set.path).albums}
    study = read_study(served.sitting.path)
    for item, known in read_key(study).items.items():
        album = albums[known.album_id]
        for secret in (album.artist, album.title, album.album_id, album.cover, album.cover_file, item):
            assert secret
            assert secret.encode() not in everything, secret
        for size in (2, 3):  # its moods stand nowhere together, in the order the set has them
            for sign in (", ", '", "', '","', "|"):
                if len(album.moods) >= size:
                    joined = sign.join(album.moods[:size])
                    assert joined.encode() not in everything or joined in sign.join(study.moods), joined
    assert b"Exif" not in everything
    assert b"last-modified" not in b"".join(s for s in seen if b"image/jpeg" in s).lower()


def test_page_works_without_the_key_so_it_cannot_tell_what_it_does_not_know(browser, served):
    (served.sitting.path / "key.json").unlink()
    with serving(create_rating_app(served.sitting.path)) as client:
        page = browser.new_page(viewport=DESKTOP)
        page.goto(f"http://127.0.0.1:{client.port}/r/{served.sitting.tokens['anna']}")
        expect(page.locator("#where")).to_have_text("Practice 1 of 3")
        page.keyboard.type("?")
        page.keyboard.press("Enter")
        wait_for_answers(page, served, 1)
