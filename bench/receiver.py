"""Where everything is delivered to: `python -m bench.receiver [settings as JSON]`, a process of its own.

Answers each POST with 204 and tells, by the first part of the path, how many came and how old each was, from
the `sent_at` that the load put into it. `/hang/…` is never answered, and `/away/…` with 503 until `GET
/back`: what came before does not count. `GET /tally` gives the figures since the last one. It reads no more
of a request than that: `bench.scenarios.ceiling` measures that it is no limit.
"""

import asyncio
import json
import ssl
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, cast

import uvloop

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
LAST = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
AWAY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
MARK = b'"sent_at":'
MARK_DIGITS = 17
"""Ten before the point and six behind it: fixed, so that bodies have one length."""


class Tally:
    """Arrivals by group."""

    def __init__(self) -> None:
        self._lags: dict[bytes, list[float]] = {}
        self._tenths: dict[bytes, Counter[int]] = {}
        self.is_away = True

    def add(self, group: bytes, body: bytes) -> None:
        now = time.time()
        self._tenths.setdefault(group, Counter())[int(now * 10)] += 1
        at = body.find(MARK)
        sent_at = float(body[at + len(MARK) : at + len(MARK) + MARK_DIGITS]) if at >= 0 else now
        self._lags.setdefault(group, []).append(now - sent_at)

    def take(self) -> dict[str, dict[str, float]]:
        taken, self._lags = self._lags, {}
        tenths, self._tenths = self._tenths, {}
        return {
            group.decode("ascii", "replace"): _figures(sorted(lags), tenths[group])
            for group, lags in taken.items()
        }


def _figures(lags: list[float], tenths: Counter[int]) -> dict[str, float]:
    return {
        "most_in_100_ms": max(tenths.values()),
        "count": len(lags),
        "p50_ms": percentile(lags, 0.5) * 1e3,
        "p99_ms": percentile(lags, 0.99) * 1e3,
        "max_ms": lags[-1] * 1e3,
    }


def percentile(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


class Connection(asyncio.Protocol):
    """HTTP/1.1 with Content-Length, as senders of webhooks speak it."""

    def __init__(self, tally: Tally, closes: bool) -> None:
        self._tally = tally
        self._closes = closes
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        pending = self._pending + data if self._pending else data
        while (end := pending.find(b"\r\n\r\n")) >= 0:
            head = pending[:end].lower()
            at = head.rfind(b"content-length:")
            size = int(head[at + 15 :].partition(b"\r\n")[0]) if at >= 0 else 0
            whole = end + 4 + size
            if len(pending) < whole:
                break
            self._request(pending[:end], pending[end + 4 : whole])
            pending = pending[whole:]
        self._pending = pending

    def _request(self, head: bytes, body: bytes) -> None:
        method, path, _ = head.split(b" ", 2)
        if method == b"GET":
            self._tally.is_away = self._tally.is_away and path != b"/back"
            answer = json.dumps(self._tally.take()).encode()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
            return
        group = path.split(b"/", 2)[1]
        if group == b"away" and self._tally.is_away:
            self._transport.write(AWAY)
            return
        self._tally.add(group, body)
        if group == b"hang":
            return
        self._transport.write(LAST if self._closes else NO_CONTENT)
        if self._closes:
            self._transport.close()


def tls_context(pem: Path) -> ssl.SSLContext:
    """No session is ever resumed: each connection pays for its handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    return context


async def receive(settings: dict[str, Any]) -> None:
    """`hosts`: addresses to listen on, with one port. `certificates`: for each a PEM file; then it is HTTPS,
    and each answer is the last of its connection.
    """
    tally, loop = Tally(), asyncio.get_running_loop()
    pems: list[str | None] = settings.get("certificates") or [None] * len(settings["hosts"])
    port = 0
    for host, pem in zip(settings["hosts"], pems, strict=True):
        context = tls_context(Path(pem)) if pem else None
        server = await loop.create_server(
            lambda: Connection(tally, bool(settings.get("certificates"))),
            host,
            port,
            ssl=context,
            backlog=4096,
        )
        port = server.sockets[0].getsockname()[1]
    control = await loop.create_server(lambda: Connection(tally, False), "127.0.0.1", 0)
    ports = {"port": port, "control": control.sockets[0].getsockname()[1]}
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(receive(json.loads(sys.argv[1])))
