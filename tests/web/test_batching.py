"""Questions answered together."""

import asyncio

import pytest

from albumnet.web.batching import Batcher


def run(work, answer_all, **options):
    async def go():
        async with Batcher(answer_all, **options) as batcher:
            return await work(batcher)

    return asyncio.run(go())


def test_questions_of_one_moment_are_answered_in_few_calls_each_with_its_own_answer():
    calls = []

    def double(numbers):
        calls.append(len(numbers))
        return [2 * number for number in numbers]

    async def work(batcher):
        return await asyncio.gather(*(batcher.ask(n) for n in range(40)))

    assert run(work, double, max_batch=16) == [2 * n for n in range(40)]
    assert max(calls) == 16
    assert len(calls) <= 4


def test_one_question_does_not_wait_for_others():
    async def work(batcher):
        async with asyncio.timeout(5):
            return await batcher.ask(1)

    assert run(work, list, max_batch=1000) == 1


def test_an_error_reaches_those_who_asked_and_the_next_are_answered():
    def fail_on_zero(numbers):
        if 0 in numbers:
            raise ValueError("zero")
        return numbers

    async def work(batcher):
        with pytest.raises(ValueError, match="zero"):
            await batcher.ask(0)
        return await batcher.ask(1)

    assert run(work, fail_on_zero) == 1


def test_who_has_gone_is_not_answered():
    asked = []

    def note(numbers):
        asked.extend(numbers)
        return numbers

    async def work(batcher):
        gone = asyncio.create_task(batcher.ask(1))
        await asyncio.sleep(0)
        gone.cancel()
        return await batcher.ask(2)

    assert run(work, note) == 2
    assert asked == [2]
