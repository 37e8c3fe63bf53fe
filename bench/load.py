"""Publishers: `python -m bench.load SETTINGS`, a process of its own that prints its figures as JSON.

Keep-alive connections that post as soon as they are answered, or at a steady rate whatever the answers (then
an event's age counts from when it was due, not from when a connection was free). `@SENT_AT@` in the body
becomes the time of sending, which the receiver reads again; `@NUMBER@` counts from 0 to below `spread`, again
and again.
"""

import asyncio
import json
import sys
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop

from bench.receiver import percentile

SENT_AT = "@SENT_AT@"
NUMBER = "@NUMBER@"
ANSWERS_WITHIN_S = 60.0


@dataclass
class Load:
    """What to post, for `seconds` or until `requests` were sent. `rate` is in requests a second; None: as
    fast as they are answered.
    """

    url: str
    headers: dict[str, str]
    body: str
    connections: int = 32
    seconds: float = 10.0
    rate: float | None = None
    requests: int | None = None
    spread: int = 1


def numbered(number: int) -> str:
    """As it stands in the body: always as long."""
    return f"n{number:06d}"


@dataclass
class Figures:
    """What came of it, over `seconds` from the first request to the last answer."""

    seconds: float = 0.0
    requests: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0

    @property
    def accepted(self) -> int:
        return sum(count for status, count in self.by_status.items() if status.startswith("2"))


class Publishers:
    """All connections of a load."""

    def __init__(self, load: Load) -> None:
        target = urlsplit(load.url)
        self._where = (target.hostname or "", target.port or 80)
        self._load = load
        body = load.body.encode()
        digits = b"%017.6f" % time.time()
        size = len(body.replace(SENT_AT.encode(), digits).replace(NUMBER.encode(), numbered(0).encode()))
        headers = "".join(f"{name}: {value}\r\n" for name, value in load.headers.items())
        path = target.path + (f"?{target.query}" if target.query else "")
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: {target.netloc}\r\n{headers}Content-Length: {size}\r\n\r\n"
        ).encode()
        self._pieces = body.split(SENT_AT.encode())
        self._due: deque[float] = deque()
        self._free: deque[Publisher] = deque()
        self._open = self._sent = 0
        self.statuses: Counter[bytes] = Counter()
        self.latencies: list[float] = []
        self.over = asyncio.Event()

    async def run(self) -> Figures:
        loop = asyncio.get_running_loop()
        for _ in range(self._load.connections):
            await loop.create_connection(lambda: Publisher(self), *self._where)
        began = time.perf_counter()
        self._ends_at = began + self._load.seconds
        if self._load.rate is None:
            for publisher in list(self._free):
                self.next(publisher)
        else:
            await self._pace(self._load.rate)
        async with asyncio.timeout(self._load.seconds + ANSWERS_WITHIN_S):
            await self.over.wait()
        lasted = time.perf_counter() - began
        self.latencies.sort()
        return Figures(
            lasted,
            len(self.latencies),
            {status.decode(): count for status, count in sorted(self.statuses.items())},
            percentile(self.latencies, 0.5) * 1e3,
            percentile(self.latencies, 0.99) * 1e3,
            (self.latencies or [0.0])[-1] * 1e3,
        )

    def joins(self, publisher: "Publisher") -> None:
        self._free.append(publisher)

    def next(self, publisher: "Publisher") -> None:
        """What an idle connection does now."""
        if self._load.rate is None:
            if time.perf_counter() < self._ends_at:
                self._post(publisher, time.time())
                if self._sent == self._load.requests:
                    self._ends_at = 0.0
        elif self._due:
            self._post(publisher, self._due.popleft())
        else:
            self._free.append(publisher)
        if self._open == 0 and not self._due and time.perf_counter() >= self._ends_at:
            self.over.set()

    def answered(self, publisher: "Publisher", status: bytes, age_s: float) -> None:
        self._open -= 1
        self.statuses[status] += 1
        self.latencies.append(age_s)
        self.next(publisher)

    def lost(self) -> None:
        """A connection that ended while it waited for its answer."""
        self._open -= 1
        self.statuses[b"lost"] += 1
        if self._open == 0 and time.perf_counter() >= self._ends_at:
            self.over.set()

    async def _pace(self, rate: float) -> None:
        began, number = time.time(), 0
        while number < rate * self._load.seconds:
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.time()))
            number += 1
            if self._free:
                self._post(self._free.popleft(), due)
            else:
                self._due.append(due)
        self._ends_at = 0.0
        if self._open == 0:
            self.over.set()

    def _post(self, publisher: "Publisher", sent_at: float) -> None:
        body = (b"%017.6f" % sent_at).join(self._pieces)
        if self._load.spread > 1:
            body = body.replace(NUMBER.encode(), numbered(self._sent % self._load.spread).encode())
        self._open += 1
        self._sent += 1
        publisher.post(self._head + body, sent_at)


class Publisher(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self, all_of_them: Publishers) -> None:
        self._all = all_of_them
        self._pending = b""
        self._sent_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._all.joins(self)

    def post(self, request: bytes, sent_at: float) -> None:
        self._sent_at = sent_at
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        pending = self._pending + data
        end = pending.find(b"\r\n\r\n")
        if end >= 0:
            head = pending[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(pending) >= end + 4 + size and self._sent_at is not None:
                age_s, self._sent_at, self._pending = time.time() - self._sent_at, None, b""
                self._all.answered(self, pending[9:12], age_s)
                return
        self._pending = pending

    def connection_lost(self, exc: Exception | None) -> None:
        if self._sent_at is not None:
            self._all.lost()


async def main(settings: dict[str, Any]) -> None:
    figures = await Publishers(Load(**settings)).run()
    print(json.dumps(asdict(figures)), flush=True)


if __name__ == "__main__":
    uvloop.run(main(json.load(sys.stdin)))
