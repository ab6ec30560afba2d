"""How many uploads are let in."""

import asyncio

import pytest

from albumnet.web.errors import RefusedError
from albumnet.web.options import Limits
from albumnet.web.uploads import Admission

LIMITS = Limits(n_uploads=2, uploads_bytes=100, n_waiting=1, wait_s=0.1)


def test_no_more_are_inside_than_may_be_and_the_next_waits_its_turn():
    async def go():
        admission = Admission(LIMITS)
        entered = []

        async def enter(name, leave):
            async with admission.admit(10):
                entered.append(name)
                await leave.wait()

        leave = asyncio.Event()
        tasks = [asyncio.create_task(enter(n, leave)) for n in range(3)]
        await asyncio.sleep(0.01)
        assert entered == [0, 1]
        with pytest.raises(RefusedError) as refused:
            await enter("one too many", leave)
        assert refused.value.status_code == 429
        assert refused.value.headers["Retry-After"]
        leave.set()
        await asyncio.gather(*tasks)
        assert entered == [0, 1, 2]

    asyncio.run(go())


def test_bytes_count_as_well_and_waiting_ends():
    async def go():
        admission = Admission(LIMITS)
        async with admission.admit(80):
            with pytest.raises(RefusedError) as refused:
                async with admission.admit(30):
                    raise AssertionError
            assert refused.value.status_code == 429
            async with admission.admit(20):
                pass
        async with admission.admit(100):
            pass

    asyncio.run(go())
