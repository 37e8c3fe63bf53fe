"""How many bytes of bodies a process holds: beyond it a request waits a moment, and is told to come again."""

import asyncio
from dataclasses import replace

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from hub.errors import Busy
from hub.rules.settings import Settings
from hub.web.body_budget import SMALL_BYTES, BodyBudget, WithinBudget
from tests.rigs import loops
from tests.rigs.waiting import DEADLINE_S

LARGE = 3 * SMALL_BYTES
BUDGET = 10 * SMALL_BYTES
"""Room for two large bodies, at the share that they have."""


async def tuned() -> Settings:
    return replace(Settings(), max_held_bytes=BUDGET)


class Hub:
    """Reads bodies under a budget, and keeps each until it is told."""

    def __init__(self, wait_s: float = 0.05) -> None:
        self.answer = asyncio.Event()
        self.read = 0
        self._changed = asyncio.Condition()
        self._within = WithinBudget(self._app, BodyBudget(tuned, wait_s))

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        async with self._changed:
            self.read += 1
            self._changed.notify_all()
        await self.answer.wait()

    async def until_read(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.read >= count)

    def post(self, size: int, *, declares: bool = True) -> "asyncio.Task[None]":
        body = b"x" * size
        chunks = [body[at : at + 1000] for at in range(0, size, 1000)]

        async def receive() -> Message:
            chunk = chunks.pop(0) if chunks else b""
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

        async def send(message: Message) -> None:
            raise AssertionError("nothing is sent here")

        headers = [(b"content-length", str(size).encode())] if declares else []
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
        return asyncio.create_task(self._within(scope, receive, send))


@pytest.mark.parametrize("declares", [True, False])
def test_a_body_that_finds_no_room_is_told_to_come_again(declares: bool) -> None:
    async def run() -> None:
        hub = Hub()
        held = [hub.post(LARGE, declares=declares) for _ in range(2)]
        await hub.until_read(2)
        with pytest.raises(Busy) as refused:
            await hub.post(LARGE, declares=declares)
        assert refused.value.retry_after_s == 1
        hub.answer.set()
        await asyncio.gather(*held)
        await hub.post(LARGE, declares=declares)
        assert hub.read == 3

    loops.run(run())


def test_a_small_body_finds_room_that_large_ones_may_not_take() -> None:
    async def run() -> None:
        hub = Hub()
        held = [hub.post(LARGE), hub.post(LARGE), hub.post(SMALL_BYTES), hub.post(0)]
        await hub.until_read(4)
        hub.answer.set()
        await asyncio.gather(*held)

    loops.run(run())


def test_a_body_waits_for_room_and_gets_it() -> None:
    async def run() -> None:
        hub = Hub(wait_s=DEADLINE_S)
        held = [hub.post(LARGE) for _ in range(5)]
        await hub.until_read(2)
        assert hub.read == 2
        hub.answer.set()
        await asyncio.gather(*held)
        assert hub.read == 5

    loops.run(run())


def test_what_is_larger_than_the_budget_is_read_when_it_is_alone() -> None:
    async def run() -> None:
        hub = Hub()
        held = hub.post(2 * BUDGET)
        await hub.until_read(1)
        hub.answer.set()
        await held

    loops.run(run())


def test_room_is_given_back_by_whoever_fails_or_goes_away() -> None:
    async def run() -> None:
        hub = Hub()
        for _ in range(3):
            held = [hub.post(LARGE) for _ in range(2)]
            await hub.until_read(2)
            for task in held:
                task.cancel()
            await asyncio.gather(*held, return_exceptions=True)
            hub.read = 0

    loops.run(run())
