"""Leak alarms between the albums that a model learned from and those it is judged on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from albumnet.dataset.splits import artist_key
from albumnet.evaluation.hidden_leaks import find_alike_covers, find_hidden_artists
from albumnet.evaluation.leaks import LeakAlarm, SuspiciousPair, find_open_leaks
from albumnet.pipeline.baselines import Task, read_pooled

# Two alarms share the 1 % that they may be wrong.
_ALARM_LEVEL = 0.005
_MAX_ALARM_ALBUMS = 8_000
_MIN_ARTISTS = 3


def sound_alarms(task: Task, *, rng: np.random.Generator) -> tuple[tuple[LeakAlarm, ...], tuple[str, ...]]:
    """The alarms over training albums and those asked about, and the ids that their rows stand for."""
    albums = [*task.sides["train"], *task.asked]
    artists = [artist_key(album) for album in albums]
    sides = ["train"] * len(task.sides["train"]) + ["test"] * len(task.asked)
    alarms = list(find_open_leaks(artists=artists, covers=[album.cover for album in albums], sides=sides))
    if task.store is not None and task.asked_store is not None:
        rows = _some_artists(artists, rng=rng)
        named = [artists[n] for n in rows], [sides[n] for n in rows]
        by_side = {side: [albums[n] for n in rows if sides[n] == side] for side in ("train", "test")}
        if all(len({artist_key(a) or a.album_id for a in some}) >= _MIN_ARTISTS for some in by_side.values()):
            features = np.concatenate(
                [read_pooled(task.store, by_side["train"]), read_pooled(task.asked_store, by_side["test"])]
            )
            moods = [album.moods for some in by_side.values() for album in some]
            views = [features, task.vocabulary.target(moods).astype(np.float32)]
            alarms += [_with_rows(alarm, rows) for alarm in _sound_hidden(views, *named, rng=rng)]
    return tuple(alarms), tuple(album.album_id for album in albums)


def _some_artists(artists: Sequence[str], *, rng: np.random.Generator) -> list[int]:
    """Rows of artists drawn at random until there are albums enough; comparing all with all takes their square."""
    groups: dict[str, list[int]] = {}
    for row, artist in enumerate(artists):
        groups.setdefault(artist or f"row {row}", []).append(row)
    chosen: list[int] = []
    names = list(groups)
    for n in rng.permutation(len(names)):
        chosen += groups[names[n]]
        if len(chosen) >= _MAX_ALARM_ALBUMS:
            break
    return sorted(chosen)


def _sound_hidden(
    views: Sequence[np.ndarray], artists: Sequence[str], sides: Sequence[str], *, rng: np.random.Generator
) -> tuple[LeakAlarm, LeakAlarm]:
    """The two alarms that compare albums rather than names."""
    return (
        find_alike_covers(views[0], artists=artists, sides=sides, rng=rng, level=_ALARM_LEVEL),
        find_hidden_artists(views, artists=artists, sides=sides, rng=rng, level=_ALARM_LEVEL),
    )


def _with_rows(alarm: LeakAlarm, rows: Sequence[int]) -> LeakAlarm:
    """An alarm whose pairs name rows of all albums rather than of those that were compared."""
    pairs = (SuspiciousPair(rows[pair.held_out], rows[pair.reference], pair.closeness) for pair in alarm.pairs)
    return replace(alarm, pairs=tuple(pairs))
