"""An album's page of either generation, and what may vary in it."""

import pytest

from albumnet.sources.allmusic.pages import PageError, Review, Weighted, parse_album_page
from allmusic_pages import ADDRESS, NEWER, NEWER_ADDRESS, OLDER


def older(text=OLDER, **options):
    return parse_album_page(text.encode(), **{"address": ADDRESS, **options})


def newer(text=NEWER):
    return parse_album_page(text.encode(), address=NEWER_ADDRESS)


def test_an_older_page_says_everything():
    page = older()
    assert page.album_id == "mw0001234567"
    assert (page.artist, page.title, page.date) == ("Ottoline Fenn", "The Tin Lanterns", "1974-09-03")
    assert (page.genres, page.styles) == (("Folk",), ("Lantern Folk", "Harbour Ballads"))
    assert page.moods == (Weighted("Wistful"), Weighted("Amiable/Good-Natured"))
    assert page.themes == (Weighted("Rainy Day"),)
    assert page.rating == 8
    assert page.review == Review("Fenn sings to a harbour that is not there.\n\nIt answers.", "Bram Quill")
    assert page.cover_address == "https://pictures.example/tin-lanterns.jpg?size=500"
    assert not page.has_parts


def test_a_newer_page_leaves_moods_and_review_to_its_parts():
    page = newer()
    assert page.album_id == "mw0007654321"
    assert (page.artist, page.title, page.date) == ("Pell / Ivory", "Glass Orchard", "2019-03")
    assert (page.genres, page.styles) == (("Electronic", "Jazz"), ("Orchard Pop",))
    assert (page.moods, page.themes, page.review) == ((), (), None)
    assert page.rating == 7
    assert page.cover_address == "https://pictures.example/glass.jpg"
    assert page.has_parts


@pytest.mark.parametrize(
    "changed",
    [
        NEWER.replace('id="releaseDate"', 'class="release-date"'),
        NEWER.replace('<div id="basicInfoMeta">', '<div class="sidebar"><section class="basic-info">'),
        NEWER.replace('id="albumArtists"', 'class="album-artist"'),
        NEWER.replace('id="albumTitle"', "").replace('id="albumHeadline"', "").replace('id="albumArtists"', ""),
    ],
)
def test_a_newer_page_with_classes_of_older_ones_is_still_a_newer_one(changed):
    assert newer(changed).has_parts


def test_an_older_page_without_a_review_has_none_whatever_listeners_wrote():
    start, end = OLDER.index('<section class="review read-more"'), OLDER.index('<section class="user-reviews">')
    page = older(OLDER[:start] + OLDER[end:])
    assert page.review is None
    assert not page.has_parts


def test_the_menu_is_no_part_of_the_album():
    page = older(
        OLDER.replace('<div class="genre"><h4>Genre</h4>', '<div class="kind">').replace("/genre/folk", "/x/folk")
    )
    assert page.genres == ()


def test_microdata_is_enough_without_classes():
    page = older(
        OLDER.replace('class="album-title"', "").replace('class="album-artist"', "").replace('class="text"', "")
    )
    assert (page.artist, page.title) == ("Ottoline Fenn", "The Tin Lanterns")
    assert page.review.text.startswith("Fenn sings")


def test_classes_are_enough_without_microdata():
    text = OLDER
    for name in ("name", "byArtist", "review", "reviewBody", "author", "rating"):
        text = text.replace(f' itemprop="{name}"', "")
    page = older(text)
    assert (page.artist, page.title, page.rating) == ("Ottoline Fenn", "The Tin Lanterns", 8)
    assert page.review.author == "Bram Quill"


def test_headings_are_enough_without_classes():
    text = OLDER.replace('class="release-date"', "").replace('class="styles"', "").replace('class="moods"', "")
    page = older(text.replace('class="themes"', ""))
    assert (page.date, page.styles) == ("1974-09-03", ("Lantern Folk", "Harbour Ballads"))
    assert [mood.name for mood in page.moods] == ["Wistful", "Amiable/Good-Natured"]
    assert [theme.name for theme in page.themes] == ["Rainy Day"]


def test_without_json_a_newer_page_is_read_by_its_ids():
    start, end = NEWER.index("<script"), NEWER.index("</script>")
    page = newer(NEWER[:start] + NEWER[end:])
    assert (page.artist, page.title) == ("Pell / Ivory", "Glass Orchard")


def test_the_title_comes_from_open_graph_where_nothing_else_has_it():
    text = NEWER.replace('"name": "Glass Orchard",', "").replace('<h1 id="albumTitle">Glass Orchard</h1>', "")
    assert newer(text).title == "Glass Orchard - Pell & Ivory"


@pytest.mark.parametrize(
    ("canonical", "album_id"),
    [("https://site.example/album/other-mw0009999999", "mw0009999999"), ("/", "mw0001234567")],
)
def test_the_page_itself_says_which_album_it_is(canonical, album_id):
    assert (
        older(OLDER.replace('rel="canonical" href="' + ADDRESS, f'rel="canonical" href="{canonical}')).album_id
        == album_id
    )


@pytest.mark.parametrize("said", ["", "rating-allmusic-0", "rating-allmusic-99"])
def test_no_rating_is_none(said):
    assert older(OLDER.replace("rating-allmusic-8", said)).rating is None


def test_what_listeners_rated_is_not_the_rating():
    text = OLDER.replace("rating-allmusic-8", "").replace(
        "</body>", '<div itemprop="aggregateRating" itemscope><i itemprop="ratingValue">6</i></div></body>'
    )
    assert older(text).rating is None


@pytest.mark.parametrize("cover", ["/img/no-image.png", "https://x.example/placeholder.gif", "", "data:image/png;AA"])
def test_a_placeholder_is_no_cover(cover):
    assert older(OLDER.replace("https://pictures.example/tin-lanterns.jpg?size=500", cover)).cover_address is None


def test_a_cover_may_be_loaded_late():
    text = OLDER.replace(
        'src="https://pictures.example/tin-lanterns.jpg?size=500"', 'data-src="/late.jpg" src="data:x"'
    )
    assert older(text).cover_address == "https://site.example/late.jpg"


def test_a_page_of_no_album_is_told():
    with pytest.raises(PageError, match="neither title nor artist"):
        parse_album_page(b"<html><body><p>Sorry.</p></body></html>", address=ADDRESS)
    with pytest.raises(PageError, match="names no album"):
        parse_album_page(b"<html><h1 class='album-title'>X</h1></html>", address="https://site.example/x")


@pytest.mark.parametrize("data", [b"", b"   \n", b"\0\0\0", b"<!-- nothing -->"])
def test_an_empty_page_is_told(data):
    with pytest.raises(PageError):
        parse_album_page(data, address=ADDRESS)


def test_a_page_that_is_too_large_is_told():
    with pytest.raises(PageError, match="bytes"):
        parse_album_page(b"x" * 4_000_001, address=ADDRESS)


def test_html_may_break_off_and_tags_may_cross():
    head, nav_end, rest = OLDER[: OLDER.index("<table>")].partition("</nav>")
    rest = rest.replace("</div>", "", 3).replace("</h1>", "").replace("</span></h2>", "</h2></span>")
    page = older(head + nav_end + rest.replace("<p>", "<p><b>") + "<a href='")
    assert page.moods[0].name == "Wistful"
    assert page.title.startswith("The Tin Lanterns")


@pytest.mark.parametrize(
    ("charset", "content_type", "meta"),
    [
        ("utf-8", "text/html; charset=iso-8859-1", "utf-8"),
        ("utf-8", "text/html", "windows-1251"),
        ("utf-8", "text/html; charset=no-such-thing", "rot13"),
        ("iso-8859-1", "text/html; charset=utf-8", "iso-8859-1"),
        ("cp1252", "text/html", "utf-8"),
        ("utf-8-sig", "", ""),
        ("utf-16", "text/html; charset=utf-16", "utf-16"),
    ],
)
def test_a_wrong_charset_does_not_spoil_names(charset, content_type, meta):
    text = OLDER.replace("Ottoline Fenn", "Ottilie Fjörðs").replace('charset="utf-8"', f'charset="{meta}"')
    text = text.replace("ð", "d") if charset == "cp1252" else text
    page = parse_album_page(text.encode(charset), address=ADDRESS, content_type=content_type)
    assert page.artist == ("Ottilie Fjörds" if charset == "cp1252" else "Ottilie Fjörðs")


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("September 26, 1969", "1969-09-26"),
        ("Sept. 26th 1969", "1969-09-26"),
        ("May 1970", "1970-05"),
        ("1970", "1970"),
        ("1970-05-09", "1970-05-09"),
        ("1970-13-40", "1970"),
        ("February 31, 1971", "1971-02-31"),
        ("May 99, 1970", "1970-05"),
        ("0970", None),
        ("unknown", None),
    ],
)
def test_dates_are_read_as_far_as_they_go(said, date):
    assert older(OLDER.replace("September 3, 1974", said)).date == date
