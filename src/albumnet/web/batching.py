"""Questions that come at the same time are answered together, on a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Self, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")
T = TypeVar("T")

MAX_BATCH = 16
# Measured: longer gathers no more at 16 clients, since questions pile up while the batch before is answered.
GATHER_S = 0.004


class Batcher(Generic[Question, Answer]):
    """Gathers questions for a few milliseconds and answers them in one call.

    Args:
        answer_all: Answers to questions, in order; called on one thread, never twice at a time.
        max_batch: Questions per call.
        gather_s: How long the first of a batch waits for others.
    """

    def __init__(
        self,
        answer_all: Callable[[Sequence[Question]], Sequence[Answer]],
        *,
        max_batch: int = MAX_BATCH,
        gather_s: float = GATHER_S,
    ) -> None:
        self._answer_all = answer_all
        self._max_batch = max_batch
        self._gather_s = gather_s
        self._waiting: asyncio.Queue[tuple[Question, asyncio.Future[Answer]]] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="albumnet-reader")
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def ask(self, question: Question) -> Answer:
        """The answer to a question; what `answer_all` raised, if it did."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((question, future))
        return await future

    async def run(self, work: Callable[[], T]) -> T:
        """Something else done on the thread that answers."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = [item for item in await self._gather() if not item[1].done()]
            if not batch:
                continue
            try:
                questions = [question for question, _ in batch]
                answers = await loop.run_in_executor(self._thread, self._answer_all, questions)
            except Exception as error:  # noqa: BLE001  whoever asked raises it
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    async def _gather(self) -> list[tuple[Question, asyncio.Future[Answer]]]:
        batch = [await self._waiting.get()]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._gather_s):
                while len(batch) < self._max_batch:
                    batch.append(await self._waiting.get())
        return batch
