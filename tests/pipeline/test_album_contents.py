"""Content of albums: moods by models that did not see an album's tags, looks without a cover, controls."""

from dataclasses import replace

import numpy as np
import pytest

from albumnet.models.prediction import load_model
from albumnet.models.presets import PRESETS
from albumnet.pipeline.album_contents import album_contents, controls, crossfitted_moods
from albumnet.recommend.contents import principal_components
from small_world import MOODS, N_ALBUMS, make_albums, make_set, train


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    path = tmp_path_factory.mktemp("world")
    albums, features = make_albums(np.random.default_rng(0))
    album_set = make_set(path / "set", albums, features)
    train(album_set, path / "run")
    return album_set, load_model(path / "run")


def test_blocks_have_a_row_per_album(world):
    album_set, model = world
    blocks = album_contents(album_set, model)
    assert set(blocks) == {"genre_year", "genre", "look", "moods", "mood_vectors"}
    assert {len(block) for block in blocks.values()} == {N_ALBUMS}
    assert blocks["moods"].shape[1] == len(MOODS)


def correlations(moods, album_set, rows=slice(None)):
    target = album_set.vocabulary.target([album.moods for album in album_set.albums])
    return np.array([np.corrcoef(moods[rows, m], target[rows, m])[0, 1] for m in range(len(MOODS))])


def test_crossfitted_moods_follow_covers_and_those_of_permuted_covers_do_not(world):
    album_set, model = world
    found = crossfitted_moods(album_set, model, n_folds=2)
    assert correlations(found["moods"], album_set).min() > 0.2
    assert np.abs(correlations(found["moods_permuted"], album_set)).max() < 0.2


def test_crossfitted_moods_give_nothing_of_an_albums_own_tags_back(tmp_path):
    """Where tags have nothing to do with covers, only a model that saw an album's tags can tell them."""
    rng = np.random.default_rng(0)
    albums, features = make_albums(rng)
    order = rng.permutation(N_ALBUMS)
    shuffled = [replace(album, moods=albums[n].moods) for album, n in zip(albums, order, strict=True)]
    album_set = make_set(tmp_path / "set", shuffled, features)
    with pytest.MonkeyPatch.context() as patch:
        # Penalties under which a head learns its training albums by heart.
        patch.setitem(PRESETS, "small", replace(PRESETS["small"], strengths=(1e-6,), smoothings=(0.0,)))
        train(album_set, tmp_path / "run")
        model = load_model(tmp_path / "run")
        crossfitted = crossfitted_moods(album_set, model, n_folds=2)["moods"]
    rows = [n for n, album in enumerate(album_set.albums) if album_set.splits[album.album_id] == "train"]
    own = album_contents(album_set, model)["moods"]
    assert correlations(own, album_set, rows).mean() > correlations(crossfitted, album_set, rows).mean() + 0.1
    assert correlations(crossfitted, album_set).mean() < 0.1


def test_an_album_without_a_cover_gets_the_mean_look():
    rows = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    rows[3] = np.nan
    found = principal_components([rows[:7], rows[7:]], n_components=4)
    assert found.shape == (20, 4)
    np.testing.assert_allclose(found[3], 0)
    from sklearn.decomposition import PCA

    known = np.delete(rows, 3, axis=0).astype(np.float64)
    np.testing.assert_allclose(
        np.abs(np.delete(found, 3, axis=0)), np.abs(PCA(4).fit_transform(known)), rtol=1e-3, atol=1e-4
    )


def test_controls_are_as_wide_as_the_look_and_hold_the_same_looks(world):
    album_set, model = world
    blocks = album_contents(album_set, model)
    found = controls(blocks, rng=np.random.default_rng(0))
    assert found["random"].shape == found["look_permuted"].shape == blocks["look"].shape
    np.testing.assert_allclose(np.sort(found["look_permuted"][:, 0]), np.sort(blocks["look"][:, 0]))


def test_a_model_without_the_cover_has_no_look_to_permute(world, tmp_path):
    album_set, _ = world
    train(album_set, tmp_path / "run", model="metadata")
    model = load_model(tmp_path / "run")
    blocks = album_contents(album_set, model)
    assert "look" not in blocks
    assert set(crossfitted_moods(album_set, model, n_folds=2)) == {"moods", "mood_vectors"}
    assert set(controls(blocks, rng=np.random.default_rng(0))) == {"random"}


def test_a_fine_tuned_model_cannot_be_crossfitted(world):
    from albumnet.errors import RecommendError

    album_set, model = world
    tuned = load_model_with(model, n_fine_tuned=1)
    with pytest.raises(RecommendError, match="fine-tuned"):
        crossfitted_moods(album_set, tuned)


def load_model_with(model, **changes):
    import copy

    changed = copy.copy(model)
    changed.config = replace(model.config, **changes)
    return changed
