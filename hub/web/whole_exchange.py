"""What our own server offers beside ASGI: a body that has come whole, and an answer that is written in one
piece.

Owns nothing but the two short cuts; whoever finds them in a request's scope may take them, and asks and
answers by ASGI otherwise. Most requests are one packet, and most answers too: message by message each costs a
dozen calls more. Step before: `connections` has a head. Step after: `answer_writer`. On the event loop.
"""

from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from hub.web.answer_writer import AnswerWriter

_EXTENSION = "hub.whole_exchange"


class WholeExchange:
    """The exchanges of one connection, one after the other; a request with another behind it takes the long
    way. Kept for the whole connection, so that a request and what it was offered never hold each other.
    """

    __slots__ = ("_answers", "_cycle", "extensions")

    def __init__(self, answers: AnswerWriter) -> None:
        self._answers = answers
        self._cycle: RequestResponseCycle | None = None
        self.extensions: Any = {_EXTENSION: self}

    def begin(self, cycle: RequestResponseCycle) -> None:
        """A head has come."""
        self._cycle = cycle
        cycle.scope["extensions"] = self.extensions

    def body(self, scope: Scope) -> bytes | None:
        """The whole body, taken; None where it has to be waited for."""
        cycle = self._cycle
        if cycle is None or cycle.scope is not scope:
            return None
        if cycle.more_body or cycle.disconnected or cycle.response_started:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        return body

    def answer(self, scope: Scope, status: int, headers: bytes, body: bytes) -> bool:
        """Answer with this; `headers` are lines with their ends, without length and date. False: it cannot be
        written now, and has to be sent.
        """
        cycle = self._cycle
        if cycle is None or cycle.scope is not scope:
            return False
        if cycle.flow.write_paused or cycle.disconnected or cycle.response_started:
            return False
        cycle.response_started = cycle.response_complete = True
        parts = [STATUS_LINE[status]]
        for name, value in cycle.default_headers:
            parts += (name, b": ", value, b"\r\n")
        parts += (headers, b"content-length: %d\r\n" % len(body))
        parts += (b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n", body)
        self._answers.write_whole(b"".join(parts))
        cycle.message_event.set()
        if not cycle.keep_alive:
            self._answers.close()
        cycle.on_response()
        return True


def offered(scope: Scope) -> WholeExchange | None:
    found: WholeExchange | None = scope.get("extensions", {}).get(_EXTENSION)
    return found
