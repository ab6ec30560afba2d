"""Shards hold the same items whatever else is done meanwhile."""

from hypothesis import given
from hypothesis import strategies as st

from albumnet.scale import cut_into_shards


def test_shards_are_cut_in_order_and_the_last_may_be_smaller():
    assert cut_into_shards([*range(7)], size=3, is_done=lambda _: False) == [[0, 1, 2], [3, 4, 5], [6]]


def test_nothing_left_makes_no_shards():
    assert cut_into_shards([1, 2, 3], size=2, is_done=lambda _: True) == []


@given(n_items=st.integers(0, 40), size=st.integers(1, 9), done=st.sets(st.integers(0, 40)))
def test_after_some_shards_are_done_the_others_are_as_they_were(n_items, size, done):
    items = [*range(n_items)]
    shards = cut_into_shards(items, size=size, is_done=lambda _: False)
    finished = {item for n, shard in enumerate(shards) if n in done for item in shard}
    left = cut_into_shards(items, size=size, is_done=finished.__contains__)
    assert left == [shard for n, shard in enumerate(shards) if n not in done]
