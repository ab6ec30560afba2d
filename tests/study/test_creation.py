"""A new study: who is drawn, what raters get to see, and what is refused."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from albumnet.dataset import AlbumSet
from albumnet.errors import StudyError, VocabularyMismatchError
from albumnet.study import StudyOptions, create_study, draw_items, read_key, read_study
from albumnet.study.answers.store import AnswerBook
from albumnet.study.creation import draw_order


def test_a_study_reads_back_as_it_was_written(created):
    assert read_study(created.study.path) == created.study
    assert set(read_key(created.study).items) == {*created.study.items, *(t.item for t in created.study.training)}


def test_only_the_key_says_which_albums_the_covers_are_of(created, planted_set):
    key = read_key(created.study)
    said = (created.study.path / "study.json").read_text("utf-8")
    for album in planted_set.albums:
        for secret in (album.album_id, album.artist, album.title, album.cover, album.cover_file):
            assert f'"{secret}"' not in said
    assert planted_set.path.name not in json.loads(said).values()
    by_id = {a.album_id: a for a in planted_set.albums}
    for known in key.items.values():
        assert known.moods == by_id[known.album_id].moods


def test_covers_that_count_are_of_one_side_and_practice_is_by_other_artists(created, planted_set):
    key = read_key(created.study)
    counted = [key.items[item] for item in created.study.items]
    assert {planted_set.splits[k.album_id] for k in counted} == {"train"}
    assert len({k.album_id for k in counted}) == 12
    assert not {key.items[t.item].artist for t in created.study.training} & {k.artist for k in counted}


def test_pictures_hold_pixels_and_no_metadata(planted_set, tmp_path):
    """A cover whose file is full of hints."""
    album = planted_set.albums[0]
    exif = Image.Exif()
    exif[270] = "SECRET TITLE"
    file = io.BytesIO()
    Image.open(io.BytesIO(planted_set.read_cover(album.cover))).convert("RGB").save(
        file, "JPEG", exif=exif, comment=b"SECRET COMMENT", icc_profile=b"SECRET PROFILE"
    )

    class Hinting(AlbumSet):
        def read_cover(self, cover):  # noqa: ARG002  whichever is asked for
            return file.getvalue()

    study = create_study(
        Hinting(planted_set.path), tmp_path / "s", StudyOptions(("a",), 4, side="train", n_repeats=0)
    ).study
    assert b"SECRET" in file.getvalue()
    for item in study.items:
        data = study.picture(item).read_bytes()
        assert b"SECRET" not in data
        with Image.open(io.BytesIO(data)) as image:
            assert not image.getexif()
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_links_are_unguessable_and_only_their_hashes_are_kept(created):
    assert all(len(token) == 32 for token in created.tokens.values())
    for file in created.study.path.rglob("*"):
        if file.is_file():
            assert not any(token.encode() in file.read_bytes() for token in created.tokens.values())
    with AnswerBook(created.study.answers_file) as book:
        assert {book.rater_of(token) for token in created.tokens.values()} == {"anna", "ben"}


def test_one_seed_gives_one_study_but_never_the_same_links(planted_set, tmp_path):
    options = StudyOptions(("anna",), 5, side="train", n_repeats=1, seed=3)
    first, second = (create_study(planted_set, tmp_path / name, options) for name in "ab")
    assert first.study.items == second.study.items
    assert first.study.raters == second.study.raters
    assert first.tokens != second.tokens


def test_order_is_random_and_repeats_come_late_and_never_at_once():
    items = [f"i{n}" for n in range(30)]
    orders = [draw_order(items, n_repeats=5, rng=np.random.default_rng(seed)) for seed in range(50)]
    assert len(set(orders)) == 50
    for order in orders:
        assert len(order) == 35
        assert set(order) == set(items)
        twice = [item for item in items if order.count(item) == 2]
        assert len(twice) == 5
        for item in twice:
            first = order.index(item)
            assert order.index(item, first + 1) - first >= 2


def test_stratified_draws_rare_moods_as_often_as_common_ones():
    rng = np.random.default_rng(0)
    target = rng.random((600, 9)) < np.array([0.6, 0.5, 0.4, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01])
    rare = target[:, 6:].any(axis=1)
    drawn = draw_items(target, n_items=30, is_stratified=True, rng=rng)
    assert len(set(drawn.tolist())) == 30
    assert rare[drawn].sum() >= 7
    assert rare[draw_items(target, n_items=30, is_stratified=False, rng=rng)].sum() < 7


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"raters": ()}, "at least one rater"),
        ({"raters": ("a", "a")}, "once"),
        ({"raters": ("a\nb",)}, "no rater's name"),
        ({"n_covers": 5000}, "fewer"),
        ({"n_repeats": 9}, "half"),
    ],
)
def test_what_makes_no_study_is_refused(planted_set, tmp_path, changes, said):
    options = StudyOptions(**{"raters": ("anna",), "n_covers": 6, "side": "train", "n_repeats": 0} | changes)
    with pytest.raises(StudyError, match=said):
        create_study(planted_set, tmp_path / "s", options)


def test_moods_that_are_not_the_set_s_are_refused_and_spelling_does_not_matter(planted_set, tmp_path):
    with pytest.raises(VocabularyMismatchError, match="Nonesuch"):
        create_study(planted_set, tmp_path / "s", StudyOptions(("a",), moods=("Nonesuch",)))
    names = planted_set.vocabulary.names[:2]
    options = StudyOptions(("a",), 4, moods=tuple(n.lower() for n in names), side="train", n_repeats=0)
    assert set(create_study(planted_set, tmp_path / "s", options).study.moods) == set(names)


def test_a_study_is_not_overwritten_and_other_folders_never(created, planted_set, tmp_path):
    options = StudyOptions(("anna",), 4, side="train", n_repeats=0)
    with pytest.raises(StudyError, match="--force"):
        create_study(planted_set, created.study.path, options)
    create_study(planted_set, created.study.path, options, force=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").write_text("dear")
    with pytest.raises(StudyError, match="no study"):
        create_study(planted_set, tmp_path / "mine", options, force=True)


def test_a_copy_without_its_key_says_what_it_is(study):
    (study.path / "key.json").unlink()
    with pytest.raises(StudyError, match="merge"):
        read_key(study)
