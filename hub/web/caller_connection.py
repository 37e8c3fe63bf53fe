"""One connection of a caller: how much it may send before it is heard, how long that may take, and how it
ends.

Owns the bounds of request heads (size, fields, time), of what stands in line behind a request, and of callers
that do not read. uvicorn has none of its own, and its parser hands a header over only once it is whole: so
bytes are counted as they come. Step before: a socket. Step after: uvicorn makes a request of it and calls the
application. On the event loop; times in seconds.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from hub.web.answer_writer import AnswerWriter
from hub.web.problems import Problem, json_answer
from hub.web.slow_readers import SlowReader
from hub.web.whole_exchange import WholeExchange

SLICE_BYTES = 16_384
"""The parser gets what came in such pieces: what is counted is known to one piece."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may cost."""

    head_bytes: int = 65_536
    fields: int = 100
    head_s: float = 10.0
    """From the first byte of a head to its last; also from the connection to the first head."""
    waiting: int = 100
    """Requests that may stand in line behind one that is being answered."""
    rest_bytes: int = 1_048_576
    """What may still come of a body whose request has been answered, before the connection ends."""
    rest_s: float = 10.0
    linger_s: float = 5.0
    """How long a connection that ends is still read from: closed at once, it would take the answer with it
    (RFC 9112 §9.6).
    """
    stall_s: float = 60.0
    """How long a caller may take nothing of its answer."""


class Stage(Enum):
    """What the next byte belongs to."""

    BETWEEN = 1
    HEAD = 2
    BODY = 3


class Connection(HttpToolsProtocol):
    limits = Limits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stage = Stage.BETWEEN
        self._pending_bytes = 0
        """Fed since the last whole head or piece of a body."""
        self._has_progress = False
        self._rest_bytes = 0
        self._refusal: Problem | None = None
        self._is_deaf = False
        """True once nothing more is heard: what comes is thrown away."""
        self._is_lingering = False
        self._timer: asyncio.TimerHandle | None = None

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._answers = AnswerWriter(self.loop, transport, self._close)
        self._exchange = WholeExchange(self._answers)
        self._reader = SlowReader(self.loop, transport, self.limits.stall_s)
        self._start_timer(self.limits.head_s, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._reader.stop()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if len(data) <= SLICE_BYTES:  # most requests
            self._feed(data)
        else:
            rest = memoryview(data)
            while len(rest):
                self._feed(rest[:SLICE_BYTES])
                rest = rest[SLICE_BYTES:]
        if self._stage is Stage.HEAD:
            self._watch_head()

    def _feed(self, piece: bytes | memoryview) -> None:
        if self._is_deaf:
            return
        self._has_progress = False
        self._pending_bytes += len(piece)
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            # Another protocol is offered and not taken (RFC 9110 §7.8): what follows is the next request.
            self._feed(piece[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            if not self._is_deaf:
                self._refuse(self._refusal or Problem(400, "this is no HTTP/1.1 request"))
            return

        if self._has_progress:
            self._pending_bytes = 0
        elif self._is_too_large(self._pending_bytes):
            self._refuse(self._too_large())

    # What the parser finds

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= self.limits.waiting:
            self._end_after_answers()
            raise ConnectionError("too many requests stand in line")
        self._unset_keepalive_if_required()
        self._stage = Stage.HEAD
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        # Only what came in several pieces can be larger than that, and only then it is measured.
        if len(self.headers) > self.limits.fields or self._pending_bytes > self.limits.head_bytes:
            self._check_head()
        super().on_headers_complete()
        self.headers = []  # what a trailer says is no header (RFC 9110 §6.5.1)
        self.cycle.transport = self._answers
        self._exchange.begin(self.cycle)
        self._stage = Stage.BODY
        self._has_progress = True
        self._rest_bytes = 0
        self._stop_timer()
        self._unset_keepalive_if_required()

    def _check_head(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if self._is_too_large(size):
            self._refusal = self._too_large()
            raise ConnectionError("the head is too large")

    def on_body(self, body: bytes) -> None:
        self._has_progress = True
        if not self.cycle.response_complete:
            super().on_body(body)
            return
        self._rest_bytes += len(body)
        if self._rest_bytes > self.limits.rest_bytes:
            self._linger()

    def on_message_complete(self) -> None:
        self._has_progress = True
        self._stage = Stage.BETWEEN
        super().on_message_complete()
        if self.cycle.response_complete and not self._is_deaf:
            self._stop_timer()
            self._keep_alive()

    # Answers

    def on_response_complete(self) -> None:
        if self._is_lingering:
            return
        super().on_response_complete()
        if self.cycle.response_complete and self._stage is Stage.BODY and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self._start_timer(self.limits.rest_s, self._linger)
        self._watch_head()

    def timeout_keep_alive_handler(self) -> None:
        self._end()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reader.watch()

    def resume_writing(self) -> None:
        self._reader.stop()
        super().resume_writing()

    # The end

    def _is_too_large(self, size: int) -> bool:
        return size > self.limits.head_bytes or len(self.headers or ()) > self.limits.fields

    def _too_large(self) -> Problem:
        limits = self.limits
        if self._stage is Stage.HEAD and len(self.url) > limits.head_bytes:
            return Problem(414, f"a request's target may have {limits.head_bytes} bytes")
        return Problem(
            431,
            (
                f"a request's head may have {limits.head_bytes} bytes and {limits.fields} fields: "
                "send fewer headers"
            ),
        )

    def _refuse(self, problem: Problem) -> None:
        """Answer what is no request, or too slow or too large a one, and hear nothing more."""
        if self._stage is not Stage.BODY and self._is_answering():
            self._end_after_answers()
            return
        if self._stage is Stage.BODY:
            is_answered = self.cycle.response_started or bool(self.pipeline)
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if is_answered:
                self._linger()
                return
        response = json_answer(problem)
        head = [STATUS_LINE[problem.status], b"connection: close\r\n"]
        for name, value in [*self.server_state.default_headers, *response.raw_headers]:
            if name != b"connection":
                head += [name, b": ", value, b"\r\n"]
        self._answers.flush()
        self.transport.write(b"".join([*head, b"\r\n", bytes(response.body)]))
        self._linger()

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _end_after_answers(self) -> None:
        """Hear nothing more; the answer to the last whole request is the last one."""
        self._is_deaf = True
        self.cycle.keep_alive = False

    def _close(self) -> None:
        """After an answer that is the last one."""
        if self._stage is Stage.BETWEEN and not self._is_deaf:
            self._end()
        else:
            self._linger()

    def _linger(self) -> None:
        """Say that this is the end, and throw away what is still coming until the caller has seen it."""
        if self._is_lingering or self.transport.is_closing():
            return
        self._is_deaf = self._is_lingering = True
        self._unset_keepalive_if_required()
        self._answers.flush()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._start_timer(self.limits.linger_s, self._end)

    def _end(self) -> None:
        """Close once what was written has gone, however slowly the caller takes it."""
        self._stop_timer()
        self._answers.flush()
        self.transport.close()
        self._reader.watch()

    # Timers

    def _watch_head(self) -> None:
        """A head has begun: it must end in time. The time that the requests before it take is not the
        caller's.
        """
        if self._stage is not Stage.HEAD or self._is_deaf or self._is_answering():
            return
        if self._timer is None:
            self._start_timer(self.limits.head_s, self._head_is_late)

    def _head_is_late(self) -> None:
        if self._stage is Stage.BETWEEN:  # nothing was asked
            self._end()
            return
        self._refuse(Problem(408, f"the request's head did not come within {self.limits.head_s:g} s"))

    def _keep_alive(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _start_timer(self, after_s: float, then: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(after_s, then)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
