"""How many bytes of requests' bodies one process holds at a time, whichever call they are for.

Pure ASGI. A body counts as its `Content-Length` says from the moment it is read, one without by what has
come, until its request is answered: for an event that is once it is committed. A request that finds no room
waits for some, and is told to come again when there is none; nothing of it is kept.
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
    """Wraps the application. Its counts are touched on the event loop only."""

    def __init__(
        self, app: ASGIApp, settings: Callable[[], Awaitable[Settings]], wait_s: float = ROOM_WAIT_S
    ) -> None:
        """`settings`: those in force. `wait_s`: how long a request waits for room."""
        self._app = app
        self._settings = settings
        self._wait_s = wait_s
        self._held_bytes = 0
        self._freed = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        room = _Room(self, int(declared) if declared.isascii() and declared.isdigit() else 0)
        try:
            await self._app(scope, lambda: room.receive(receive), send)
        finally:
            self._held_bytes -= room.taken
            self._freed.set()
            self._freed = asyncio.Event()

    async def take(self, size: int, body_bytes: int) -> None:
        """Wait until `size` more bytes may be held, of a body of `body_bytes`. Raises: Busy."""
        budget = (await self._settings()).max_held_bytes
        limit = budget if body_bytes <= SMALL_BYTES else budget * SHARE_OF_LARGE
        if not self._has_room(size, limit):
            await self._room_for(size, limit)
        self._held_bytes += size

    def _has_room(self, size: int, limit: float) -> bool:
        # A body that is larger than all there may be is read when it is alone.
        return not self._held_bytes or self._held_bytes + size <= limit

    async def _room_for(self, size: int, limit: float) -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                while not self._has_room(size, limit):
                    await self._freed.wait()
        except TimeoutError as error:
            raise Busy(
                "the hub holds as many bytes of requests as it may; send this again later",
                title="Too much at once",
                retry_after_s=RETRY_AFTER_S,
            ) from error


class _Room:
    """What one request's body takes of the budget."""

    def __init__(self, budget: BodyBudget, declared: int) -> None:
        self._budget = budget
        self._declared = declared
        self._received = 0
        self.taken = 0

    async def receive(self, receive: Receive) -> Message:
        await self._take(self._declared)
        message = await receive()
        self._received += len(message.get("body", b""))
        await self._take(self._received)
        return message

    async def _take(self, total: int) -> None:
        if total > self.taken:
            await self._budget.take(total - self.taken, total)
            self.taken = total
