"""Read a cover: a file that is dropped, pasted or chosen, and what can go wrong with it."""

import base64
import json
import re

import pytest
from playwright.sync_api import expect

from albumnet.models.run import find_run
from albumnet.web.app import app_of
from albumnet.web.loading import load_state
from albumnet.web.options import ServeOptions
from web.serving import serving

GIVE = """async ([kind, name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], name, { type: "image/jpeg" }));
  const target = document.getElementById("drop");
  if (kind === "paste") dispatchEvent(Object.assign(new Event("paste"), { clipboardData: given }));
  else for (const each of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(each, { dataTransfer: given, bubbles: true, cancelable: true }));
  }
}"""


PIXELS = "[...document.querySelector('.minimap').getContext('2d').getImageData(0, 0, 300, 200).data]"


@pytest.fixture
def page(browser, site):
    page = browser.new_page()
    page.goto(site.address)
    page.wait_for_load_state("networkidle")
    return page


def give(page, kind, path):
    page.evaluate(GIVE, [kind, path.name, base64.b64encode(path.read_bytes()).decode()])


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_given_cover_is_read_at_once(page, site, wait_until, kind):
    give(page, kind, site.covers[0])
    result = page.locator("#result")
    expect(result.get_by_role("heading", name="What this cover says")).to_be_visible(timeout=30_000)
    moods = site.state.model.config.moods
    assert result.locator(".mood-bars li").count() == min(10, len(moods))
    assert result.locator(".mood-bars .base").count() == min(10, len(moods))
    for heading in ("Near in mood", "Near in look"):
        assert result.locator("section", has_text=heading).locator("li").count() == 12
    # The small map is drawn once its points have come.
    wait_until(page, PIXELS + ".some((value) => value > 0)")
    assert "pin=" in result.get_by_role("link", name="Its place on the map").get_attribute("href")
    result.get_by_role("button", name=f"Show all {len(moods)} moods").click()
    assert result.locator(".mood-bars li").count() == len(moods)


def test_result_is_a_file_too(page, site):
    page.set_input_files("#file", site.covers[1])
    page.locator(".json summary").click(timeout=30_000)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    said = json.loads(download.value.path().read_text("utf-8"))
    assert {"moods", "can_tell", "near_in_mood", "near_in_look", "place"} <= set(said)
    assert download.value.suggested_filename == "moods.json"


def test_genres_and_year_go_with_the_cover(page, site):
    genre = page.locator("#genre")
    genre.fill("Jazz")
    genre.press("Enter")
    genre.fill("Folk")
    genre.press("Enter")
    page.get_by_role("button", name="Remove Folk").click()
    page.get_by_label("Year").fill("1959")
    # Playwright does not show forms with files in them.
    page.evaluate("""() => {
      const ask = window.fetch;
      window.fetch = (address, options) => {
        if (options?.body) window.sent = [...options.body].filter(([name]) => name !== "file");
        return ask(address, options);
      };
    }""")
    page.set_input_files("#file", site.covers[2])
    expect(page.locator("#result")).to_be_visible(timeout=30_000)
    assert page.evaluate("window.sent") == [["genres", "Jazz"], ["year", "1959"]]


def test_year_that_is_none_is_refused_before_asking(page, site):
    page.get_by_label("Year").fill("59")
    page.set_input_files("#file", site.covers[2])
    expect(page.locator("#status")).to_have_text("A year has four digits, such as 1972.")
    expect(page.get_by_label("Year")).to_be_focused()


def test_file_that_is_no_picture_is_said_to_be_none(browser, page, tmp_path):
    (tmp_path / "cover.jpg").write_text("no picture at all")
    page.set_input_files("#file", tmp_path / "cover.jpg")
    expect(page.locator("#status.error")).to_contain_text("ot a picture", timeout=30_000)
    expect(page.locator("#result")).to_be_hidden()
    browser.complaints.clear()  # Chromium logs the 415


def test_busy_server_is_asked_again(browser, page, site):
    answers = []

    def answer(route):
        answers.append(1)
        if len(answers) > 1:
            return route.continue_()
        return route.fulfill(status=429, headers={"Retry-After": "1"}, json={"error": "busy"})

    page.route("**/api/predict", answer)
    page.set_input_files("#file", site.covers[3])
    expect(page.locator("#status")).to_contain_text("Trying again in 1 s")
    expect(page.locator("#result")).to_be_visible(timeout=30_000)
    assert len(answers) == 2
    browser.complaints.clear()  # Chromium logs the 429


def test_cover_that_tells_nothing_is_said_to(page, site):
    moods = [{"mood": "Calm", "probability": 0.2, "base_rate": 0.2, "rank": 1}]
    sizes = {"can_tell": False, "coverage": 0.8, "n_for_coverage": 9, "n_without_looking": 9}
    said = {"moods": moods, **sizes, "place": None, "near_in_mood": [], "near_in_look": []}
    page.route("**/api/predict", lambda route: route.fulfill(json=said))
    page.set_input_files("#file", site.covers[4])
    expect(page.locator(".verdict")).to_contain_text("Can't tell from this cover.", timeout=30_000)
    assert page.locator("#result .empty").count() == 3  # no place, nothing near in mood, nothing near in look


def test_result_has_no_serious_fault(page, site, find_faults):
    page.set_input_files("#file", site.covers[5])
    expect(page.locator("#result")).to_be_visible(timeout=30_000)
    assert find_faults(page) == []


@pytest.fixture(scope="module")
def starter_site(planted, tmp_path_factory):
    """The planted set and the starter model, which keeps silent rather than guess."""
    album_set, _, covers = planted
    state = load_state(
        ServeOptions(album_set=album_set, model=find_run("starter"), app_dir=tmp_path_factory.mktemp("starter"))
    )
    with serving(app_of(state)) as client:
        yield f"http://127.0.0.1:{client.port}", covers, state.albums[0].album_id


def test_what_the_model_stands_by_is_told_from_what_it_guesses(browser, starter_site):
    address, covers, album_id = starter_site
    page = browser.new_page()
    page.goto(address)
    page.set_input_files("input[type=file]", str(covers[0]))
    page.get_by_role("button", name="Read this cover").click()
    stands_by = re.compile(
        r"The model stands by (none of these moods: they are guesses|.+ The other moods are guesses)\."
    )
    expect(page.get_by_text(stands_by)).to_be_visible(timeout=30_000)
    page.goto(f"{address}/albums/{album_id}")
    expect(page.get_by_text(stands_by)).to_be_visible()
