"""Planted listeners as interactions, with blocks of content that do or do not say what moves them."""

import numpy as np

from albumnet.planted import draw_listeners
from albumnet.recommend.contents import Contents
from albumnet.recommend.interactions import Interactions

N_USERS, N_ALBUMS = 120, 150
ARTISTS = np.arange(N_ALBUMS) // 3


def make_listeners(shares, *, n_likes=25, seed=0):
    """Interactions of planted listeners, the listeners, and the albums' true moods."""
    rng = np.random.default_rng(seed)
    moods = rng.normal(size=(N_ALBUMS, 5))
    listeners = draw_listeners(moods, ARTISTS, shares=shares, n_users=N_USERS, n_likes=n_likes, rng=rng)
    return as_interactions(listeners.user, listeners.album), listeners, moods


def as_interactions(user, album, *, n_users=N_USERS, n_albums=N_ALBUMS):
    return Interactions(
        users=tuple(f"u{n}" for n in range(n_users)),
        album_ids=tuple(f"a{n}" for n in range(n_albums)),
        user=np.asarray(user, dtype=np.int32),
        album=np.asarray(album, dtype=np.int32),
        value=np.full(len(user), 5, dtype=np.float32),
        is_liked=np.ones(len(user), dtype=bool),
        is_explicit=True,
    )


def make_contents(moods, *, seed=1):
    """Look and moods say the moods with noise; genre and year say nothing; controls are as in earnest."""
    rng = np.random.default_rng(seed)
    look, predicted = (moods + 0.2 * rng.normal(size=moods.shape) for _ in range(2))
    order = rng.permutation(len(moods))
    return Contents(
        {
            "genre_year": rng.normal(size=(len(moods), 4)),
            "genre": rng.normal(size=(len(moods), 3)),
            "look": look,
            "moods": predicted,
            "mood_vectors": predicted,
            "look_permuted": look[order],
            "moods_permuted": predicted[order],
            "random": rng.normal(size=moods.shape),
        }
    )
