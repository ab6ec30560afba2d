import io

import numpy as np
import pytest
from PIL import Image

from albumnet.planted.objects import draw_object_world, write_objects
from albumnet.planted.objects.things import CARRYING, THINGS, draw_thing

SIZE = 96


@pytest.fixture(scope="module")
def world():
    return draw_object_world(n_albums=30, rng=np.random.default_rng(0), cover_size=SIZE)


@pytest.mark.parametrize("name", THINGS)
def test_a_thing_is_solid_and_unlike_the_others(name):
    _, mask = draw_thing(name, side=48, degrees=10, body=(200, 30, 30), details=(20, 20, 20))
    area = (np.asarray(mask) > 127).mean()
    assert 0.2 < area < 0.9
    for other in THINGS:
        if other != name:
            _, theirs = draw_thing(other, side=48, degrees=10, body=(200, 30, 30), details=(20, 20, 20))
            assert np.abs(np.asarray(mask, dtype=int) - np.asarray(theirs)).mean() > 5


def test_every_album_has_one_to_three_moods_in_order(world):
    for album in world.albums:
        assert 1 <= len(album.moods) <= 3
        assert list(album.moods) == sorted(album.moods)
        assert set(album.moods) <= set(world.moods)
    assert len(world.moods) == len(CARRYING)


def test_a_mood_s_pixels_are_where_its_thing_is_drawn(world):
    from dataclasses import replace

    for n in range(6):
        cover = np.asarray(Image.open(io.BytesIO(world.draw(n))), dtype=int)
        for mood in world.albums[n].moods:
            without = [tuple(t for t in things if t.mood != mood) for things in world.things]
            bare = np.asarray(Image.open(io.BytesIO(replace(world, things=tuple(without)).draw(n))), dtype=int)
            changed = np.abs(cover - bare).sum(axis=2) > 120
            mask = world.mask(n, mood, side=SIZE)
            assert 0.01 < mask.mean() < 0.2
            assert (changed & ~mask).mean() < 0.02


def test_moods_stand_apart(world):
    for n, album in enumerate(world.albums):
        masks = [world.mask(n, mood, side=SIZE) for mood in album.moods]
        assert np.sum(masks, axis=0).max() <= 1
        assert not world.mask(n, next(m for m in world.moods if m not in album.moods), side=SIZE).any()


def test_one_seed_gives_one_world():
    first, second = (draw_object_world(n_albums=3, rng=np.random.default_rng(5), cover_size=64) for _ in range(2))
    assert first.albums == second.albums
    assert first.draw(0) == second.draw(0)


def test_a_written_world_can_be_imported(world, tmp_path):
    from albumnet.sources import import_table

    table = write_objects(world, tmp_path / "world")
    album_set = import_table(table, tmp_path / "world" / "covers", out=tmp_path / "set").album_set
    assert [album.moods for album in album_set.albums] == [album.moods for album in world.albums]
