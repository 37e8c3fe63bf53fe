"""Callers that take nothing of their answer: their connection ends, with what is kept for them.

Owns one watch for each connection. Step before: `connections` has written more than the caller takes, or
closes. On the event loop; times in seconds.
"""

import asyncio
import socket
import struct


class SlowReader:
    """Looks from time to time whether the caller of this connection took something."""

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, stall_s: float) -> None:
        self._loop = loop
        self._transport = transport
        self._stall_s = stall_s
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        left_bytes = self._transport.get_write_buffer_size()
        if self._timer is None and left_bytes:
            self._timer = self._loop.call_later(self._stall_s, self._look, left_bytes)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, left_bytes: int) -> None:
        self._timer = None
        if self._transport.get_write_buffer_size() < left_bytes:
            self.watch()
            return
        # At once, with what the kernel still holds for a caller that does not take it.
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
