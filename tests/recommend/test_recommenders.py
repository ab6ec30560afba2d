"""One contract over all recommenders, and what is particular to each."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from albumnet.recommend.recommenders import (
    Als,
    AlsOptions,
    Bpr,
    Chance,
    Content,
    Hybrid,
    HybridOptions,
    ItemKnn,
    Popularity,
    SameArtist,
)
from albumnet.recommend.recommenders.hybrid import blend, predict_factors, share_of_own
from listeners_world import ARTISTS, N_ALBUMS, N_USERS, make_listeners

ALS = AlsOptions(n_factors=8, n_iterations=5, n_threads=1)


@pytest.fixture(scope="module")
def world():
    interactions, _, moods = make_listeners({"mood": 1.0})
    return interactions.liked(), interactions.seen(), moods.astype(np.float32)


def make(name, moods):
    return {
        "popularity": Popularity,
        "chance": lambda: Chance(np.random.default_rng(0)),
        "same artist": lambda: SameArtist(ARTISTS),
        "item-kNN": lambda: ItemKnn(n_neighbours=20),
        "ALS": lambda: Als(ALS),
        "BPR": lambda: Bpr(n_factors=8, n_iterations=10, n_threads=1),
        "content": lambda: Content(moods),
        "hybrid": lambda: Hybrid(Als(ALS), moods),
    }[name]()


NAMES = ("popularity", "chance", "same artist", "item-kNN", "ALS", "BPR", "content", "hybrid")


@pytest.mark.parametrize("name", NAMES)
def test_lists_hold_unknown_albums_once_best_first(name, world):
    likes, seen, moods = world
    recommender = make(name, moods).fit(likes)
    assert recommender.name == name
    users = np.array([0, 7, 11])
    albums, scores = recommender.recommend(users, 12, seen=seen)
    assert albums.shape == scores.shape == (3, 12)
    assert (np.diff(scores, axis=1) <= 0).all()
    for user, listed in zip(users, albums, strict=True):
        assert len(set(listed)) == 12
        assert not set(listed) & set(seen[[user]].indices)


@pytest.mark.parametrize("name", NAMES)
def test_scores_and_likeness_are_finite_for_every_album(name, world):
    likes, _, moods = world
    recommender = make(name, moods).fit(likes)
    assert recommender.scores(np.arange(4)).shape == (4, N_ALBUMS)
    assert np.isfinite(recommender.scores(np.arange(4))).all()
    assert np.isfinite(recommender.similarities(np.array([3]))).all()
    albums, _ = recommender.similar(np.array([3, 5]), 6)
    assert 3 not in albums[0]
    assert 5 not in albums[1]


@pytest.mark.parametrize("name", NAMES)
def test_users_and_albums_without_likes_do_no_harm(name, world):
    _, _, moods = world
    likes = csr_array(([1.0, 1.0], ([0, 0], [1, 2])), shape=(3, N_ALBUMS), dtype=np.float32)
    likes.indices, likes.indptr = likes.indices.astype(np.int32), likes.indptr.astype(np.int32)
    recommender = make(name, moods).fit(likes)
    assert np.isfinite(recommender.scores(np.array([0, 2]))).all()


def test_a_list_is_short_where_few_albums_are_left():
    likes = csr_array(np.array([[1.0, 1.0, 0.0]], dtype=np.float32))
    albums, scores = Popularity().fit(likes).recommend(np.array([0]), 3, seen=likes)
    assert albums.tolist() == [[2, -1, -1]]
    assert np.isnan(scores[0, 1:]).all()


def test_item_knn_is_the_cosine_of_listeners():
    dense = (np.random.default_rng(0).random((40, 12)) < 0.4).astype(np.float32)
    knn = ItemKnn(n_neighbours=12, shrinkage=0.0).fit(csr_array(dense))
    lengths = np.linalg.norm(dense, axis=0)
    expected = dense.T @ dense / np.outer(lengths, lengths)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(knn.similarities(np.arange(12)), expected, rtol=1e-5)
    np.testing.assert_allclose(knn.scores(np.arange(40)), dense @ expected.T, rtol=1e-5)


def test_item_knn_keeps_the_nearest_only():
    dense = (np.random.default_rng(0).random((40, 12)) < 0.4).astype(np.float32)
    near = ItemKnn(n_neighbours=3).fit(csr_array(dense)).similarities(np.arange(12))
    assert ((near > 0).sum(axis=1) <= 3).all()


def test_same_artist_puts_the_artists_other_albums_first():
    likes = csr_array(np.array([[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]], dtype=np.float32))
    same = SameArtist(np.array([0, 0, -1, -1])).fit(likes)
    assert np.argsort(-same.scores(np.array([0]))[0]).tolist()[:3] == [0, 1, 3]
    assert same.similarities(np.array([0]))[0].argmax() in (0, 1)


def test_the_ridge_map_is_scikit_learns_with_content_at_unit_length():
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    content, factors = rng.normal(size=(50, 6)), rng.normal(size=(50, 3))
    n_listeners = np.r_[np.zeros(10, int), np.ones(40, int)]
    inputs = content - content[10:].mean(axis=0)
    inputs /= np.sqrt((inputs[10:] ** 2).sum(axis=1).mean())
    expected = Ridge(alpha=4.0).fit(inputs[10:], factors[10:]).predict(inputs)
    np.testing.assert_allclose(
        predict_factors(content, factors, n_listeners=n_listeners, penalty=4.0), expected, rtol=1e-4, atol=1e-5
    )


def test_an_album_without_listeners_lives_on_its_content_alone():
    assert share_of_own(np.array([0, 3, 9]), trust=3.0).tolist() == [0, 0.5, 0.75]
    assert share_of_own(np.array([0, 1]), trust=0.0).tolist() == [0, 1]


def test_without_trust_and_closeness_the_hybrid_is_als(world):
    likes, _, moods = world
    als = Als(ALS).fit(likes)
    hybrid = Hybrid(als, moods, options=HybridOptions(trust=0, closeness=0), is_fitted=True).fit(likes)
    users = np.arange(N_USERS)
    has = np.bincount(likes.indices, minlength=N_ALBUMS) > 0
    np.testing.assert_allclose(hybrid.scores(users)[:, has], als.scores(users)[:, has], rtol=1e-5, atol=1e-6)


def test_a_blend_is_in_units_of_spread_and_rows_without_spread_count_nothing():
    first, second = np.array([[1.0, 3.0]]), np.array([[5.0, 5.0]])
    assert blend(first, second, weight=0.5).tolist() == [[-1, 1]]
    assert blend(first, np.array([[10.0, 20.0]]), weight=0.5).tolist() == [[-1.5, 1.5]]


def test_the_hybrids_scores_are_the_blend_of_als_with_predicted_factors_and_content(world):
    likes, _, moods = world
    options = HybridOptions(trust=4.0, closeness=0.5)
    hybrid = Hybrid(Als(ALS), moods, options=options).fit(likes)
    users = np.arange(N_USERS)
    collaborative = hybrid.als.user_factors[users] @ hybrid.item_factors.T
    expected = blend(collaborative, Content(moods).fit(likes).scores(users), weight=0.5)
    np.testing.assert_allclose(hybrid.scores(users), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["ALS", "content"])
def test_likeness_is_the_cosine_and_nothing_where_a_vector_is_zero(name, world):
    from sklearn.metrics.pairwise import cosine_similarity

    likes, _, moods = world
    recommender = make(name, moods).fit(likes)
    vectors = recommender.item_factors if name == "ALS" else recommender.vectors
    vectors[2] = 0
    likeness = recommender.similarities(np.array([2, 5]))
    np.testing.assert_allclose(likeness, cosine_similarity(vectors)[[2, 5]], atol=1e-5)
