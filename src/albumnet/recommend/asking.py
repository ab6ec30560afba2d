"""A fitted recommender in use: albums for a user, albums like an album, albums of a mood; each with its reason."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import RecommendError
from albumnet.metrics.recommendation import top_columns
from albumnet.recommend.contents import Contents, RowSpec
from albumnet.recommend.folder import FittedFolder
from albumnet.recommend.reasons import say_alike, say_common_moods
from albumnet.recommend.recommenders.base import UserItems, count_listeners, unit_rows
from albumnet.recommend.recommenders.content import Content
from albumnet.recommend.recommenders.hybrid import Hybrid
from albumnet.recommend.recommenders.implicit_models import Als
from albumnet.records import normalise_name

if TYPE_CHECKING:
    from jaxtyping import Float, Int

BY = ("hybrid", "listeners", "mood", "look")
_N_NAMES = 3


@dataclass(frozen=True, slots=True)
class Recommended:
    """One album recommended.

    Attributes:
        rank: From 1.
        album_id, artist, title: Which.
        score: Comparable within one answer only.
        n_listeners: How many like it.
        reason: Why, as a person would say it.
    """

    rank: int
    album_id: str
    artist: str
    title: str
    score: float
    n_listeners: int
    reason: str


class Asking:
    """Answers from a fitted recommender.

    Args:
        fitted: As read from its folder.
    """

    def __init__(self, fitted: FittedFolder) -> None:
        self._fitted, config = fitted, fitted.config
        self._liked, self._seen = fitted.interactions.liked(), fitted.interactions.seen()
        self._n_listeners = count_listeners(self._liked)
        spec = RowSpec("hybrid", "", "hybrid", config.base, config.extra)
        mix = Contents(fitted.blocks).mix(spec)
        als = Als(config.als)
        als.user_factors, als.item_factors = fitted.factors["user"], fitted.factors["item"]
        content = mix.mixed(config.extra_weight)
        self._hybrid = Hybrid(als, content, options=config.hybrid, is_fitted=True).fit(self._liked)
        self._unit_factors = unit_rows(self._hybrid.item_factors)
        self._by_block = {
            name: Content(fitted.blocks[block])
            for name, block in (("mood", "mood_vectors"), ("look", "look"))
            if block in fitted.blocks
        }
        self._row_of_user = {user: n for n, user in enumerate(fitted.interactions.users)}
        self._column_of_album = {album: n for n, album in enumerate(fitted.interactions.album_ids)}
        moods = fitted.blocks.get("moods")
        # Without moods no album has more of any than albums on average.
        self._mood_lift = np.zeros((len(fitted.names), 0)) if moods is None else moods - moods.mean(axis=0)
        self._moods = fitted.config.moods if moods is not None else ()

    def for_user(self, user: str, *, k: int = 10) -> list[Recommended]:
        """The k best albums for a user, without those they know.

        Raises:
            RecommendError: If nobody of that name is there; near names are offered.
        """
        row = self.find_user(user)
        scores = self._hybrid.scores(np.array([row]))[0]
        return self._listed(scores, k=k, hidden=self._known(row), user=row)

    def like(self, album: str, *, k: int = 10, by: str = "hybrid") -> list[Recommended]:
        """The k albums most like an album, by id, title, or "artist – title".

        Args:
            album: Which.
            k: How many.
            by: "hybrid", "listeners" (factors alone), "mood" or "look".

        Raises:
            RecommendError: If there is no such album, several are meant, or it cannot be compared in that way.
        """
        n = self.find_album(album)
        rows = np.array([n])
        if by == "hybrid":
            likeness = self._hybrid.similarities(rows)[0]
        elif by == "listeners":
            if not self._n_listeners[n]:
                raise RecommendError(f"{self.title(n)} has no listeners; ask by mood or look (--by)")
            likeness = np.where(self._n_listeners > 0, self._hybrid.als.similarities(rows)[0], -np.inf)
        elif by in self._by_block:
            likeness = self._by_block[by].similarities(rows)[0]
        else:
            raise RecommendError(f"this recommender was fitted to a model without covers, it knows no {by}")
        return self._listed(likeness, k=k, hidden=rows, like=n)

    def of_mood(
        self, label: Float[np.ndarray, " E"], *, words: str, user: str | None = None, taste: float = 0.5, k: int = 10
    ) -> list[Recommended]:
        """The k albums closest to a place in the mood space, blended with a user's taste.

        Args:
            label: Unit vector of the words.
            words: As a person said them, for the reason.
            user: Whose taste; nobody's if not given.
            taste: Its weight in [0, 1] against the mood's.
            k: How many.

        Raises:
            RecommendError: If there is no such user, or the words' vector is of another width than the albums'.
        """
        vectors = self._fitted.blocks["mood_vectors"]
        if vectors.shape[1] != len(label):
            raise RecommendError(f"the words have {len(label)} numbers, the albums' mood vectors {vectors.shape[1]}")
        closeness = _standardised((vectors - vectors.mean(axis=0)) @ label)
        row = None if user is None else self.find_user(user)
        scores, hidden = closeness, np.empty(0, dtype=np.int64)
        if row is not None:
            scores = (1 - taste) * closeness + taste * _standardised(self._hybrid.scores(np.array([row]))[0])
            hidden = self._known(row)
        place = np.argsort(np.argsort(-closeness))
        return self._listed(scores, k=k, hidden=hidden, user=row, asked=(words, place))

    def why_alike(self, album_id: str, other_id: str) -> str:
        """The reason that `like` would give for another album; "" where nothing speaks for it."""
        return self._why_alike(self._column_of_album[album_id], self._column_of_album[other_id])

    def n_listeners(self, album_id: str) -> int:
        """How many like an album."""
        return int(self._n_listeners[self._column_of_album[album_id]])

    @property
    def album_set_digest(self) -> str:
        """Digest of the albums it was fitted to."""
        return self._fitted.config.albums_digest

    def find_user(self, user: str) -> int:
        """The row of a user.

        Raises:
            RecommendError: If there is none; near names are offered.
        """
        if user in self._row_of_user:
            return self._row_of_user[user]
        near = difflib.get_close_matches(user, self._row_of_user, n=_N_NAMES, cutoff=0.5) or list(self._row_of_user)[:3]
        raise RecommendError(
            f"no user {user!r} among {len(self._row_of_user):,} with likes; did you mean {', '.join(near)}?"
        )

    def find_album(self, album: str) -> int:
        """The column of an album by its id, its title, or its artist and title.

        Raises:
            RecommendError: If there is none (near names are offered), or several albums are called so.
        """
        if (column := self._column_of_album.get(album)) is not None:
            return column
        key = normalise_name(album)
        names = self._fitted.names
        found = [n for n, (artist, title) in enumerate(names) if key in (normalise_name(title), _full(artist, title))]
        if len(found) == 1:
            return found[0]
        if found:
            some = "; ".join(f"{self.title(n)} ({self._fitted.interactions.album_ids[n]})" for n in found[:_N_NAMES])
            raise RecommendError(f"{len(found)} albums are called {album!r}: {some}; say artist and title, or the id")
        by_name: dict[str, int] = {}
        for n, (artist, title) in enumerate(names):
            by_name.setdefault(normalise_name(title), n)
            by_name.setdefault(_full(artist, title), n)
        near = list(dict.fromkeys(by_name[name] for name in difflib.get_close_matches(key, by_name, n=6, cutoff=0.5)))
        hint = f"; did you mean {'; '.join(self.title(n) for n in near[:_N_NAMES])}?" if near else ""
        raise RecommendError(f"no album {album!r} among the {len(names):,} of the set{hint}")

    def title(self, n: int) -> str:
        """Artist and title of an album, or its id."""
        said = " – ".join(part for part in self._fitted.names[n] if part)
        return said or self._fitted.interactions.album_ids[n]

    def _known(self, row: int) -> Int[np.ndarray, " S"]:
        known: np.ndarray = self._seen.indices[self._seen.indptr[row] : self._seen.indptr[row + 1]]
        return known

    def _listed(
        self,
        scores: np.ndarray,
        *,
        k: int,
        hidden: np.ndarray,
        user: int | None = None,
        like: int | None = None,
        asked: tuple[str, np.ndarray] | None = None,
    ) -> list[Recommended]:
        scores = scores.astype(np.float64)
        scores[hidden] = -np.inf
        found = top_columns(scores[None], k=k)[0]
        return [
            Recommended(
                rank,
                self._fitted.interactions.album_ids[n],
                self._fitted.names[n][0],
                self._fitted.names[n][1],
                float(scores[n]),
                int(self._n_listeners[n]),
                self._reason(int(n), user=user, like=like, asked=asked),
            )
            for rank, n in enumerate(found[found >= 0], start=1)
        ]

    def _reason(self, n: int, *, user: int | None, like: int | None, asked: tuple[str, np.ndarray] | None) -> str:
        """Nearest liked album by listeners, common moods, and what was asked for."""
        parts = []
        if asked is not None:
            words, place = asked
            parts.append(f"{_percent(int(place[n]) + 1, len(place))} closest to {words}")
        if user is not None:
            liked = self._liked.indices[self._liked.indptr[user] : self._liked.indptr[user + 1]]
            if len(liked):
                nearest = int(liked[np.argmax(self._unit_factors[liked] @ self._unit_factors[n])])
                who = "listeners of" if self._n_listeners[n] else "no listeners yet, by its content near"
                parts.append(f"{who} {self.title(nearest)}")
                taste = self._mood_lift[liked].mean(axis=0)
                parts.append(say_common_moods(self._mood_lift[n], taste, moods=self._moods))
        if like is not None:
            parts.append(self._why_alike(n, like))
        return "; ".join(part for part in parts if part)

    def _why_alike(self, first: int, second: int) -> str:
        return say_alike(
            n_both=self._n_both(first, second), first=self._mood_lift[first], second=self._mood_lift[second],
            moods=self._moods,
        )  # fmt: skip

    def _n_both(self, first: int, second: int) -> int:
        likes_first = np.zeros(self._liked.shape[0], dtype=bool)
        likes_first[self._listeners(first)] = True
        return int(likes_first[self._listeners(second)].sum())

    def _listeners(self, album: int) -> Int[np.ndarray, " L"]:
        by_album = self._liked_by_album
        rows: np.ndarray = by_album.indices[by_album.indptr[album] : by_album.indptr[album + 1]]
        return rows

    @cached_property
    def _liked_by_album(self) -> UserItems:
        return self._liked.tocsc()


def _full(artist: str, title: str) -> str:
    return normalise_name(f"{artist} {title}")


def _standardised(values: np.ndarray) -> np.ndarray:
    spread = values.std()
    standardised: np.ndarray = (values - values.mean()) / (spread if spread > 1e-9 else 1)
    return standardised


def _percent(place: int, n: int) -> str:
    return f"the {max(100 * place / n, 0.1):.2g} %"
