"""What a receiver answers, read piece by piece, within bounds, and judged once.

Owns which status and headers count (the final ones: interim answers are skipped), how much of head and body
is read, and what is kept. Pure. It must never raise on what a receiver sends: it says why to stop, and the
body never changes what the head decided. Step before: `hub.targets.http.exchange` hands in header lines and
body chunks. Step after: an `Answer` for the format to judge.
"""

import re
from collections.abc import Iterable

from connectors.base import Answer

KEEP_BODY_BYTES = 8 * 1024
READ_BODY_BYTES = 64 * 1024
"""A body is read this far for keep-alive's sake; beyond it a new connection is cheaper."""
HEAD_BYTES = 64 * 1024
"""Interim answers and trailers included."""
MAX_INTERIM = 16

STOP = -1
"""What a reader returns to make libcurl end the transfer; None goes on."""

_LENGTH = "content-length"
_BLANKS = " \t\r\n\v\f"
_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9][0-9])(?: |$)")


class Reading:
    """What has been read so far of one answer. Serves one after the other."""

    __slots__ = (
        "_lines",
        "body",
        "body_bytes",
        "head_bytes",
        "headers",
        "interim",
        "is_head_done",
        "status",
        "stop",
    )

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget the last one."""
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.is_head_done = False
        self.head_bytes = 0
        self.interim = 0
        self.body = bytearray()
        self.body_bytes = 0
        self.stop: str | None = None
        """Why we ended the exchange ourselves."""
        self._lines: list[bytes] = []

    def read_header(self, line: bytes) -> int | None:
        """Take one line of a head, its line end included; an empty one ends the head."""
        self.head_bytes += len(line)
        if self.head_bytes > HEAD_BYTES:
            return self._stop(f"more than {HEAD_BYTES // 1024} KiB of headers")
        if self.is_head_done:  # trailers
            return None
        if self.status == 0:
            found = _STATUS_LINE.match(line.strip())
            if found is None:  # libcurl lets HTTP/3.7 and a status of four digits pass
                return self._stop("the answer is not HTTP/1.1")
            self.status = int(found[1])
        elif not line.strip():
            return self._end_head()
        else:
            self._lines.append(line)
        return None

    def read_body(self, chunk: bytes) -> int | None:
        """Take some bytes of the body: the first are kept, the next are read and dropped, then it is cut."""
        self.body_bytes += len(chunk)
        if len(self.body) < KEEP_BODY_BYTES:
            self.body += chunk[: KEEP_BODY_BYTES - len(self.body)]
        if self.body_bytes > READ_BODY_BYTES:
            return self._stop(f"cut after {READ_BODY_BYTES // 1024} KiB")
        return None

    def answer(self) -> Answer:
        """What there is of it; its head must be done. The body is as it came over the wire but for chunking:
        nothing is decompressed.
        """
        return Answer(self.status, headers=self.headers, body=bytes(self.body))

    def _end_head(self) -> int | None:
        if 100 <= self.status < 200 and self.status != 101:  # 101 is final: nothing was to be switched
            self.interim += 1
            if self.interim > MAX_INTERIM:
                return self._stop(f"more than {MAX_INTERIM} interim (1xx) answers")
            self.status = 0
            self._lines = []
            return None
        self.headers = _parsed(self._lines)
        # RFC 9112 §6.3: two readers would see two messages. libcurl refuses it too, but only since some
        # version.
        lengths = [value for name, value in self.headers if len(name) == 14 and name.lower() == _LENGTH]
        if len(lengths) > 1 and len(set(lengths)) > 1:
            return self._stop("two different Content-Length headers")
        self.is_head_done = True
        return None

    def _stop(self, why: str) -> int:
        self.stop = why
        return STOP


def _parsed(lines: Iterable[bytes]) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    for line in lines:
        text = line.decode("latin-1")
        if text[0] in " \t" and headers:  # folded: it continues the one before (RFC 9112 §5.2)
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {text.strip(_BLANKS)}")
        else:
            name, _, rest = text.strip(_BLANKS).partition(":")
            headers.append((name, rest.strip(_BLANKS)))
    return headers
