"""What a receiver answers, read piece by piece, within bounds, and judged once.

Owns which status and headers count (the final ones: interim answers are skipped), how much of head and body
is read, and what is kept. Pure. It must never raise on what a receiver sends: it says why to stop, and the
body never changes what the head decided. Step before: `hub.targets.http.exchange` hands in header lines and
body chunks. Step after: an `Answer` for the format to judge.
"""

import re
from dataclasses import dataclass, field

from connectors.base import Answer

KEEP_BODY_BYTES = 8 * 1024
READ_BODY_BYTES = 64 * 1024
"""A body is read this far for keep-alive's sake; beyond it a new connection is cheaper."""
HEAD_BYTES = 64 * 1024
"""Interim answers and trailers included."""
MAX_INTERIM = 16

STOP = -1
"""What a reader returns to make libcurl end the transfer; None goes on."""

_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9][0-9])(?: |$)")


@dataclass(slots=True)
class Reading:
    """What has been read so far of one answer."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    is_head_done: bool = False
    head_bytes: int = 0
    interim: int = 0
    body: bytearray = field(default_factory=bytearray)
    body_bytes: int = 0
    stop: str | None = None
    """Why we ended the exchange ourselves."""

    def read_header(self, line: bytes) -> int | None:
        """Take one line of a head, its line end included; an empty one ends the head."""
        self.head_bytes += len(line)
        if self.head_bytes > HEAD_BYTES:
            return self._stop(f"more than {HEAD_BYTES // 1024} KiB of headers")
        if self.is_head_done:  # trailers
            return None
        text = line.strip()
        if self.status == 0:
            found = _STATUS_LINE.match(text)
            if found is None:  # libcurl lets HTTP/3.7 and a status of four digits pass
                return self._stop("the answer is not HTTP/1.1")
            self.status = int(found[1])
        elif not text:
            return self._end_head()
        elif (
            line[:1] in (b" ", b"\t") and self.headers
        ):  # folded: it continues the one before (RFC 9112 §5.2)
            name, value = self.headers[-1]
            self.headers[-1] = (name, f"{value} {text.decode('latin-1')}")
        else:
            first, _, rest = text.partition(b":")
            self.headers.append((first.decode("latin-1"), rest.strip().decode("latin-1")))
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
            self.headers = []
            return None
        # RFC 9112 §6.3: two readers would see two messages. libcurl refuses it too, but only since some
        # version.
        if len({value for name, value in self.headers if name.lower() == "content-length"}) > 1:
            return self._stop("two different Content-Length headers")
        self.is_head_done = True
        return None

    def _stop(self, why: str) -> int:
        self.stop = why
        return STOP
