"""What answers are written to: a connection that takes head and body in one piece, and ends as its owner
wants.

Owns nothing but a held head. uvicorn writes the head of an answer and its body one after the other, and each
would be a system call and a packet of its own. Step before: uvicorn answers a request. On the event loop.
"""

import asyncio
from collections.abc import Callable
from typing import Any

_HEAD = b"HTTP/1.1 "


class AnswerWriter(asyncio.Transport):
    """The transport that uvicorn's answers see."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, close: Callable[[], None]
    ) -> None:
        super().__init__()
        self._loop = loop
        self._transport = transport
        self._close = close
        self._held = b""

    def write(self, data: Any) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        elif data.startswith(_HEAD):
            self._held = data
            self._loop.call_soon(self.flush)  # the body mostly comes before the loop's next turn
            return
        if not self._transport.is_closing():
            self._transport.write(data)

    def write_whole(self, data: bytes) -> None:
        """Write a head with its body."""
        self.flush()
        if not self._transport.is_closing():
            self._transport.write(data)

    def flush(self) -> None:
        """Write what is held."""
        if self._held:
            self.write(b"")

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._close()
