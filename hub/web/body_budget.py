"""How many bytes of requests' bodies one process holds at a time, whichever call they are for.

A body counts as its `Content-Length` says from the moment it is read, one without by what has come, until
its request is answered: for an event that is once it is committed. A request that finds no room waits for
some, and is told to come again when there is none; nothing of it is kept. On the event loop.
"""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.errors import Busy
from hub.rules.settings import Settings

SMALL_BYTES = 65_536
SHARE_OF_LARGE = 0.75
"""Bodies beyond SMALL_BYTES may fill so much: a heap of large arrays must not turn single events away."""
ROOM_WAIT_S = 2.0
RETRY_AFTER_S = 1


class BodyBudget:
    """The count of one process."""

    def __init__(self, settings: Callable[[], Awaitable[Settings]], wait_s: float = ROOM_WAIT_S) -> None:
        """`settings`: those in force. `wait_s`: how long a request waits for room."""
        self._settings = settings
        self._wait_s = wait_s
        self._held_bytes = 0
        self._freed: asyncio.Event | None = None
        """Set when room was given back; None while nobody waits for it."""

    async def take(self, size: int, body_bytes: int) -> None:
        """Wait until `size` more bytes may be held, of a body of `body_bytes`. Raises: Busy."""
        budget = (await self._settings()).max_held_bytes
        limit = budget if body_bytes <= SMALL_BYTES else budget * SHARE_OF_LARGE
        if not self._has_room(size, limit):
            await self._room_for(size, limit)
        self._held_bytes += size

    def give_back(self, size: int) -> None:
        self._held_bytes -= size
        if self._freed is not None:
            self._freed.set()
            self._freed = None

    def _has_room(self, size: int, limit: float) -> bool:
        # A body that is larger than all there may be is read when it is alone.
        return not self._held_bytes or self._held_bytes + size <= limit

    async def _room_for(self, size: int, limit: float) -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                while not self._has_room(size, limit):
                    self._freed = self._freed or asyncio.Event()
                    await self._freed.wait()
        except TimeoutError as error:
            raise Busy(
                "the hub holds as many bytes of requests as it may; send this again later",
                title="Too much at once",
                retry_after_s=RETRY_AFTER_S,
            ) from error


class Share:
    """What one request's body takes of the budget."""

    def __init__(self, budget: BodyBudget, declared: str) -> None:
        """`declared`: its `Content-Length`, or nothing."""
        self._budget = budget
        self._declared = int(declared) if declared.isascii() and declared.isdigit() else 0
        self._received = 0
        self._taken = 0

    async def receive(self, receive: Receive) -> Message:
        """The next of the request's messages, once there is room for it. Raises: Busy."""
        await self.take(self._declared)
        message = await receive()
        self._received += len(message.get("body", b""))
        await self.take(self._received)
        return message

    def give_back(self) -> None:
        """The request is answered."""
        if self._taken:
            self._budget.give_back(self._taken)

    async def take(self, total: int) -> None:
        """So many bytes in all. Raises: Busy."""
        if total > self._taken:
            await self._budget.take(total - self._taken, total)
            self._taken = total


class WithinBudget:
    """Wraps the application. Pure ASGI."""

    def __init__(self, app: ASGIApp, budget: BodyBudget) -> None:
        self._app = app
        self._budget = budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        share = Share(self._budget, Headers(scope=scope).get("content-length", ""))
        try:
            await self._app(scope, lambda: share.receive(receive), send)
        finally:
            share.give_back()
