"""The writer of answers: head and body go out in one piece, and nothing waits longer than a turn of the
loop.
"""

import asyncio
from typing import Any

from hub.web.answer_writer import AnswerWriter
from tests.rigs import loops

HEAD, BODY = b"HTTP/1.1 200 OK\r\n\r\n", b"body"


class Recording(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return False


def written_by(*pieces: bytes) -> tuple[list[bytes], list[bytes]]:
    """What was written at once, and with what followed in the loop's next turn."""

    async def write() -> tuple[list[bytes], list[bytes]]:
        transport = Recording()
        writer = AnswerWriter(asyncio.get_running_loop(), transport, lambda: None)
        for piece in pieces:
            writer.write(piece)
        at_once = list(transport.written)
        await asyncio.sleep(0)
        return at_once, transport.written

    return loops.run(write())


def test_head_and_body_are_one_piece() -> None:
    assert written_by(HEAD, BODY, b"more") == ([HEAD + BODY, b"more"], [HEAD + BODY, b"more"])


def test_a_head_whose_body_is_late_goes_alone() -> None:
    assert written_by(HEAD) == ([], [HEAD])


def test_answers_keep_their_order() -> None:
    assert written_by(HEAD, HEAD, BODY, HEAD) == ([HEAD + HEAD, BODY], [HEAD + HEAD, BODY, HEAD])
