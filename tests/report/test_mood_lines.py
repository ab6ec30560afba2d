"""The albums at both ends of each mood, and their small pictures."""

import base64
import io

import numpy as np
from PIL import Image

from albumnet.errors import CoverError
from albumnet.metrics import Estimate
from albumnet.records import Album
from albumnet.report.findings import MoodFinding
from albumnet.report.mood_lines import Predicted, make_mood_lines
from albumnet.report.thumbnails import SIDE, Thumbnails, label_album

FOUND = MoodFinding("Calm", 3, "common", Estimate(0.5, 0.4, 0.6), Estimate(0.5, 0.4, 0.6), 1.0)


def lines(albums, probabilities, thumbnails, target=None):
    n = len(albums)
    target = np.zeros((n, 1), dtype=np.uint8) if target is None else np.array(target)[:, None]
    predicted = Predicted(albums, ("Calm",), target, np.array(probabilities, dtype=float)[:, None])
    return make_mood_lines([FOUND], predicted=predicted, thumbnails=thumbnails)


def test_highest_come_highest_first_and_lowest_lowest_first(albums, read_cover):
    chances = [0.5, 0.9, 0.1, 0.3, 0.8, 0.2, 0.7, 0.6]
    (line,) = lines(albums, chances, Thumbnails(read_cover), target=[0, 1, 0, 0, 0, 0, 0, 0])
    assert [scored.probability for scored in line.highest] == [0.9, 0.8, 0.7]
    assert [scored.probability for scored in line.lowest] == [0.1, 0.2, 0.3]
    assert [scored.has_mood for scored in line.highest] == [True, False, False]
    assert line.highest[0].label == "artist 1 – title 1: 0.900, has the mood"


def test_of_few_albums_none_is_at_both_ends(albums, read_cover):
    (line,) = lines(albums[:3], [0.1, 0.2, 0.3], Thumbnails(read_cover))
    assert (len(line.highest), len(line.lowest)) == (1, 1)


def test_without_predictions_every_mood_still_has_a_line(read_cover):
    (line,) = make_mood_lines([FOUND], predicted=None, thumbnails=Thumbnails(read_cover))
    assert (line.found, line.highest, line.lowest) == (FOUND, (), ())


def test_a_picture_that_is_shown_often_is_embedded_once(albums, read_cover):
    thumbnails = Thumbnails(read_cover)
    first, again = thumbnails.tile(albums[0]), thumbnails.tile(albums[0])
    thumbnails.tile(albums[1])
    assert first == again
    assert thumbnails.styles.count("data:image/jpeg") == 2
    assert thumbnails.styles.count(f".{first.style}{{") == 1


def test_pictures_are_small_jpegs(albums, read_cover):
    thumbnails = Thumbnails(read_cover)
    thumbnails.tile(albums[0])
    data = base64.b64decode(thumbnails.styles.partition("base64,")[2].partition(")")[0])
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", (SIDE, SIDE))
    assert len(data) < 3000


def test_a_cover_that_is_gone_or_broken_leaves_initials(albums):
    def refuse(cover):
        raise CoverError("gone")

    for read in (None, refuse, lambda cover: b"no picture"):
        thumbnails = Thumbnails(read)
        tile = thumbnails.tile(albums[0])
        assert (tile.style, tile.initials, tile.label) == ("", "A0", "artist 0 – title 0")
        assert thumbnails.styles == ""
        assert thumbnails.n_failed == 1


def test_an_album_without_cover_or_names_goes_by_its_id():
    tile = Thumbnails(None).tile(Album("x17"))
    assert (tile.label, tile.style, tile.initials) == ("x17", "", "X")
    assert label_album(Album("x17", title="Tidal")) == "Tidal"


def test_the_name_of_a_cover_never_reaches_the_styles(read_cover):
    thumbnails = Thumbnails(lambda _: read_cover("1"))
    assert thumbnails.tile(Album("a", "b", cover="}</style><script>")).style == "c1"
    assert "script" not in thumbnails.styles
