"""Messages between a sending loop and its helper, a process of its own, over a pair of sockets.

Owns the messages and how they lie on the wire. Used by one thread at a time on each end; it never waits. Step
before and after: `hub.targets.http.helper` and `hub.targets.http.helper_process`.
"""

import contextlib
import logging
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from hub.errors import Fault, Phase, Phases
from hub.targets.http.selector import Selector

READ_BYTES = 65_536
"""At a time. Memory for a larger read is mapped anew each time: 50 µs, as much as a request, against 4 µs."""
SENT_AT_ONCE_BYTES = 65_536
"""Some forty requests: the helper begins while others are still made."""
log = logging.getLogger(__name__)

_LENGTH = struct.Struct("!I")


class Asked(msgspec.Struct, tag=True):
    """To the helper: send this request."""

    number: int
    method: Any
    """This and the next three as a format made them: whoever sends checks them."""
    url: Any
    headers: dict[Any, Any]
    body: Any
    verify_ssl: bool
    connect_timeout_s: float
    total_timeout_s: float


class Begun(msgspec.Struct, tag=True):
    """To the helper and back: whatever was asked before has begun. Its first word is one, with 0."""

    number: int


class GiveBack(msgspec.Struct, tag=True):
    """To the helper: close the connections that rest."""


class Answered(msgspec.Struct, tag=True):
    """From the helper: a receipt."""

    number: int
    status: int | None
    headers: Sequence[tuple[str, str]]
    body: bytes
    phase: Phase
    peer: str | None
    duration_s: float
    note: str | None
    phases_ms: Phases


class Failed(msgspec.Struct, tag=True):
    """From the helper: a DeliveryError."""

    number: int
    reason: str
    phase: Phase
    fault: Fault
    peer: str | None
    was_sent: bool
    phases_ms: Phases


class Logged(msgspec.Struct, tag=True):
    """From the helper: a line for the log of the process that has it."""

    level: int
    logger: str
    text: str


Message = Asked | Begun | GiveBack | Answered | Failed | Logged

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Message).decode


class Channel:
    """One end, on a loop's thread, by its selector. What is `put` in one turn goes together."""

    def __init__(
        self,
        end: socket.socket,
        selector: Selector,
        came: Callable[[Message], None],
        gone: Callable[[], None],
    ) -> None:
        """`came` is told each message, `gone` once when the other end is no more there: in a turn, never by a
        `put`.
        """
        end.setblocking(False)
        self._end = end
        self._selector = selector
        self._came = came
        self._gone = gone
        self._unsent = bytearray()
        self._unread = bytearray()
        self._will_flush = self._waits_for_room = self._is_closed = False
        selector.watch(end.fileno(), self._act)

    def put(self, message: Message) -> None:
        """Raises: UnicodeError, TypeError: a text in it is none, or it holds what is neither text nor number;
        then nothing is put.
        """
        encoded = _encode(message)
        self._unsent += _LENGTH.pack(len(encoded))
        self._unsent += encoded
        if len(self._unsent) >= SENT_AT_ONCE_BYTES:
            self._flush()
        elif not self._will_flush:
            self._will_flush = True
            self._selector.before_waiting(self._flush)

    def close(self) -> None:
        """The other end is told by the system. Nothing is called any more."""
        if not self._is_closed:
            self._is_closed = True
            self._selector.unwatch(self._end.fileno())
            self._end.close()

    def _flush(self) -> None:
        """Send what the other end takes now, and the rest when it takes more."""
        self._will_flush = False
        if self._is_closed:
            return
        # Where it fails, it is full; or nobody reads any more, and then what was said before is to be heard.
        with contextlib.suppress(OSError):
            while self._unsent:
                del self._unsent[: self._end.send(self._unsent)]
        if bool(self._unsent) != self._waits_for_room:
            self._waits_for_room = bool(self._unsent)
            self._selector.watch(self._end.fileno(), self._act, for_room=self._waits_for_room)

    def _act(self) -> None:
        try:
            came = self._end.recv(READ_BYTES)
        except BlockingIOError:
            self._flush()  # it was room that came
            return
        except OSError:
            came = b""
        if not came:
            self.close()
            self._gone()
            return
        self._unread += came
        messages, self._unread = _cut(self._unread)
        for message in messages:
            try:
                self._came(_decode(message))
            except Exception:  # a bug with one is none with the others
                log.exception("fault in a message of a sending process")
        if self._waits_for_room:
            self._flush()


def _cut(read: bytearray) -> tuple[list[bytes], bytearray]:
    """The messages that are whole, and the rest."""
    messages, at = [], 0
    while (start := at + _LENGTH.size) <= len(read):
        end = start + _LENGTH.unpack_from(read, at)[0]
        if end > len(read):
            break
        messages.append(bytes(read[start:end]))
        at = end
    return messages, read[at:]
