"""Albums by words: the closest come first, whatever kind of model placed them, and wrong word vectors are refused."""

import numpy as np
import pytest

from albumnet.dataset import write_album_set
from albumnet.errors import RunError, WordVectorError
from albumnet.models.prediction import load_model
from albumnet.moodspace import load_packaged_vectors, load_packaged_words
from albumnet.pipeline import find_albums, moods_to_walk, vectors_to_walk
from albumnet.pipeline.finding import check_same_space
from albumnet.records import build_vocabulary
from small_world import MOODS, N_ALBUMS, make_albums, make_set, train


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A set and runs of it; not to be changed. The packaged words are read once: it takes half a second."""
    base = tmp_path_factory.mktemp("finding")
    album_set = make_set(base / "set", *make_albums(np.random.default_rng(0)))
    for model in ("1", "3", "4", "metadata"):
        train(album_set, base / model, model)
    train(album_set, base / "4r", "4", space="regressed")
    packaged = load_packaged_words()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("albumnet.pipeline.finding.load_packaged_words", lambda: packaged)
        yield base, album_set


def write_vectors(path, words, vectors):
    lines = (f"{word} {' '.join(map(str, row))}" for word, row in zip(words, vectors.tolist(), strict=True))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("model", ["1", "3", "4", "4r", "metadata"])
def test_every_kind_of_model_finds_albums_closest_first(world, model):
    base, album_set = world
    found = find_albums(album_set, base / model, text="playful", top=7)
    assert found.words == ("playful",)
    assert (len(found.albums), found.n_searched, found.n_left_out) == (7, N_ALBUMS, 0)
    closeness = [each.closeness for each in found.albums]
    assert closeness == sorted(closeness, reverse=True)
    assert [each.rank for each in found.albums] == list(range(1, 8))
    assert all(len(each.moods) == 3 for each in found.albums)
    assert found.nearest_moods[0].name == "Playful"
    assert found.is_regressed == (model == "4r")


@pytest.mark.parametrize("model", ["1", "4"])
@pytest.mark.parametrize("mood", MOODS)
def test_albums_found_by_a_moods_name_have_that_mood(world, model, mood):
    base, album_set = world
    found = find_albums(album_set, base / model, text=mood, top=40)
    share = np.mean([mood in each.album.moods for each in found.albums])
    assert share > np.mean([mood in album.moods for album in album_set.albums]) + 0.15


def test_words_that_name_no_mood_find_albums_of_a_near_one(world):
    base, album_set = world
    found = find_albums(album_set, base / "4", text="whimsical", top=20)
    assert "Playful" in [mood.name for mood in found.nearest_moods]
    assert np.mean(["Playful" in each.album.moods for each in found.albums]) > 0.7


def test_closeness_is_that_to_the_mean_of_the_words(world):
    base, album_set = world
    vectors = load_packaged_words()
    mean = vectors["rainy"] + vectors["sunday"]
    model = load_model(base / "metadata")
    genres, years = [album.genres for album in album_set.albums], [album.year for album in album_set.albums]
    expected = model.closeness_to((mean / np.linalg.norm(mean))[None], None, genres, years)[:, 0]
    found = find_albums(album_set, base / "metadata", text="Rainy, SUNDAY", top=N_ALBUMS)
    assert [each.closeness for each in found.albums] == pytest.approx(np.sort(expected)[::-1], abs=1e-5)


def test_missing_words_are_told_and_the_others_searched_by(world):
    base, album_set = world
    found = find_albums(album_set, base / "1", text="calm qzxqzx", top=3)
    assert (found.words, found.missing) == (("calm",), ("qzxqzx",))
    assert [each.album for each in found.albums] == [
        each.album for each in find_albums(album_set, base / "1", text="calm", top=3).albums
    ]


@pytest.mark.parametrize(("text", "message"), [("qzxqzx zzqx", "'qzxqzx', 'zzqx'"), (" ", "holds no word")])
def test_no_known_word_is_an_error(world, text, message):
    base, album_set = world
    with pytest.raises(WordVectorError, match=message):
        find_albums(album_set, base / "1", text=text)


def test_albums_without_a_cover_are_counted_where_the_cover_is_needed(world, tmp_path):
    base, _ = world
    albums, features = make_albums(np.random.default_rng(0))
    bare = [*albums[:10], *(type(a)(a.album_id, a.artist, moods=a.moods) for a in albums[10:15])]
    album_set = make_set(tmp_path / "set", bare, features, n_with_features=10)
    found = find_albums(album_set, base / "1", text="calm", top=50)
    assert (found.n_searched, found.n_left_out, len(found.albums)) == (10, 5, 10)
    assert find_albums(album_set, base / "metadata", text="calm").n_left_out == 0


def test_a_set_without_albums_has_none_to_find(world, tmp_path):
    base, _ = world
    empty = write_album_set(tmp_path / "set", [], vocabulary=build_vocabulary([["Calm"]]), import_digest="test")
    found = find_albums(empty, base / "metadata", text="calm")
    assert (found.albums, found.n_searched) == ((), 0)


def test_fuller_vectors_of_the_same_source_are_taken(world, tmp_path):
    base, album_set = world
    packaged = load_packaged_vectors()
    rows = [packaged.words.index(mood.lower()) for mood in MOODS]
    vectors = np.vstack([packaged.vectors[rows], packaged["calm"] + packaged["warm"]])
    file = write_vectors(tmp_path / "own.txt", [*(mood.lower() for mood in MOODS), "hygge"], vectors)
    for model in ("1", "4"):
        assert find_albums(album_set, base / model, text="hygge", vectors=file).words == ("hygge",)


@pytest.mark.parametrize("size", [100, 20])
@pytest.mark.parametrize("model", ["1", "4"])
def test_vectors_of_another_space_are_refused(world, tmp_path, model, size):
    base, album_set = world
    vectors = np.random.default_rng(0).normal(size=(4, size)).astype(np.float32)
    file = write_vectors(tmp_path / "other.txt", [mood.lower() for mood in MOODS], vectors)
    with pytest.raises(WordVectorError, match=r"another space than the model's.*--vectors"):
        find_albums(album_set, base / model, text="calm", vectors=file)


def test_vectors_without_one_of_the_moods_cannot_be_compared(world):
    base, _ = world
    packaged = load_packaged_vectors()
    with pytest.raises(WordVectorError, match="another space"):
        check_same_space(load_model(base / "4"), type(packaged)(("the",), packaged.vectors[:1]))


def test_words_are_looked_up_in_the_vectors_a_run_was_trained_with(world, tmp_path):
    _, album_set = world
    names = [mood.lower() for mood in MOODS]
    vectors = np.random.default_rng(1).normal(size=(5, 8)).astype(np.float32)
    file = write_vectors(tmp_path / "own.txt", [*names, "qzxqzx"], vectors)
    from albumnet import pipeline

    chosen = pipeline.training_options(album_set, model="4", device="cpu", vectors=file)
    pipeline.train(album_set, tmp_path / "run", options=chosen, backbone="efficientnet_lite0")
    assert find_albums(album_set, tmp_path / "run", text="qzxqzx").words == ("qzxqzx",)
    _, config = moods_to_walk(on=None, run=tmp_path / "run")
    assert vectors_to_walk(None, config=config).words == (*names, "qzxqzx")
    write_vectors(file, names, vectors[:4])
    with pytest.raises(WordVectorError, match=r"trained on word vectors .* now; give those"):
        vectors_to_walk(None, config=config)


def test_moods_come_from_a_run_or_a_set_or_nowhere(world):
    base, album_set = world
    assert moods_to_walk(on=album_set.path, run=None) == (album_set.vocabulary.names, None)
    assert moods_to_walk(on=None, run=base / "1")[0] == MOODS
    assert moods_to_walk(on=None, run=None) == (None, None)
    with pytest.raises(RunError):
        moods_to_walk(on=None, run=album_set.path)
