"""Browse with JavaScript switched off: filters, orders and pages are plain links and a plain form."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def page(browser, site):
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{site.address}/albums")
    return page


def titles(page):
    return page.locator(".shelf .title").all_inner_texts()


def test_all_albums_are_there_in_pages(page, site):
    seen = titles(page)
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("Page 2 of 2")
    seen += titles(page)
    assert seen == [album.title for album in site.state.albums]
    page.get_by_role("link", name="Previous").click()
    expect(page.locator(".pager")).to_contain_text("Page 1 of 2")


def test_filters_hold_together_and_stay_chosen(page, site):
    album = next(album for album in site.state.albums if album.year and album.moods)
    decade = album.year // 10 * 10
    page.locator("select[name=genre]").select_option(album.genres[0])
    page.locator("select[name=decade]").select_option(str(decade))
    page.locator("select[name=mood]").select_option(album.moods[0])
    page.get_by_role("button", name="Show").click()
    wanted = [
        each.title
        for each in site.state.albums
        if album.genres[0] in each.genres
        and each.year
        and each.year // 10 * 10 == decade
        and album.moods[0] in each.moods
    ]
    assert titles(page) == wanted
    assert page.locator("select[name=genre]").input_value() == album.genres[0]
    page.get_by_role("link", name="show all").click()
    expect(page.locator(".found")).to_have_text(f"{len(site.state.albums)} albums")


def test_albums_are_sorted_by_artist_and_by_year(page, site):
    page.locator("select[name=sort]").select_option("artist")
    page.get_by_role("button", name="Show").click()
    artists = page.locator(".shelf .artist").all_inner_texts()
    assert artists == sorted(artists, key=str.casefold)
    page.locator("select[name=sort]").select_option("newest")
    page.get_by_role("button", name="Show").click()
    newest = max(album.year or 0 for album in site.state.albums)
    assert page.locator(".shelf .facts").first.inner_text().startswith(str(newest))


def test_search_by_title_opens_the_album(page, site):
    album = site.state.albums[11]
    page.get_by_label("Artist, title or mood words").fill(f"{album.artist} {album.title}")
    page.get_by_role("button", name="Show").click()
    page.locator(".shelf a").first.click()
    expect(page.locator("h1")).to_have_text(album.title)
    expect(page.locator(".eyebrow")).to_have_text(album.artist)


def test_no_match_says_so(page):
    page.get_by_label("Artist, title or mood words").fill("zzqx 17")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".empty")).to_contain_text("No album matches")


def test_choice_is_asked_at_once_with_javascript(browser, site):
    page = browser.new_page()
    page.goto(f"{site.address}/albums")
    mood = site.state.albums[0].moods[0]
    page.locator("select[name=mood]").select_option(mood)
    page.wait_for_url("**/albums?mood=*")
    assert page.locator("select[name=mood]").input_value() == mood
    assert "genre" not in page.url


def test_names_of_others_are_text_and_never_markup(browser, site):
    page = browser.new_page()
    page.goto(
        f"{site.address}/albums?q=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&genre=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    )
    expect(page.locator(".empty")).to_contain_text("No album matches")
    assert page.get_by_label("Artist, title or mood words").input_value() == "<img src=x onerror=alert(1)>"
    assert page.locator("main img, main script").count() == 0
