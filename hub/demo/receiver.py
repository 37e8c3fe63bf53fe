"""The demo's receiver: an app on this machine that takes deliveries and checks their signatures by itself.

Owns what a receiver does, written from the public rules with `hmac` alone: it shares no code with the hub, so
that what it finds good is good. It must never import the hub or a connector.
"""

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_S = 300


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as it came in; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes
    answered: int


class Receiver:
    """Listens on a free port of this machine. Every path is an app of its own; `broken` ones answer 500."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.broken: set[str] = set()
        self.on_arrival: Callable[[Arrival], None] = lambda arrival: None
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="receiver", daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Note a request; the status to answer."""
        arrival = Arrival(path, headers, body, 500 if path in self.broken else 204)
        with self._changed:
            self.arrivals.append(arrival)
            self._changed.notify_all()
        self.on_arrival(arrival)
        return arrival.answered

    def accepted(self, path: str) -> dict[str, Arrival]:
        """What an app has taken with 2xx so far, by event id."""
        return {
            a.headers.get("webhook-id", ""): a
            for a in list(self.arrivals)
            if a.path == path and a.answered < 300
        }

    def refused(self, path: str) -> list[Arrival]:
        return [
            arrival for arrival in list(self.arrivals) if arrival.path == path and arrival.answered >= 300
        ]

    def wait(self, is_done: Callable[[], bool], timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(is_done, timeout_s)


def standard_fault(arrival: Arrival, secret: str, now: float | None = None) -> str | None:
    """What is wrong with the Standard Webhooks signature; None when it is right
    (https://www.standardwebhooks.com, §Verifying).
    """
    timestamp = arrival.headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_S:
        return f"webhook-timestamp is {timestamp or 'missing'}"
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    signed = f"{arrival.headers.get('webhook-id', '')}.{timestamp}.".encode() + arrival.body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = arrival.headers.get("webhook-signature", "").split(" ")
    return (
        None
        if any(hmac.compare_digest(one.encode(), expected.encode()) for one in given)
        else "webhook-signature does not match"
    )


def icescrum_fault(arrival: Arrival, secret: str) -> str | None:
    """The same for iceScrum's own signature: lower-case hex HMAC-SHA1 of the body."""
    expected = hmac.new(secret.encode(), arrival.body, hashlib.sha1).hexdigest()
    given = arrival.headers.get("x-icescrum-signature", "")
    return (
        None
        if hmac.compare_digest(given.encode(), expected.encode())
        else "x-icescrum-signature does not match"
    )


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status = receiver.take(
                self.path, {name.lower(): value for name, value in self.headers.items()}, body
            )
            self.send_response(status)
            if status >= 300:
                self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent: the demo tells what arrives."""

    return Handler
