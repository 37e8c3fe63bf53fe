"""Receivers for tests: real servers on loopback that record what they get and answer well or badly, as they
are told.

Owns `Receiver` (one listening socket, a thread per connection) and the bad manners as ready-made `Script`s;
`authority` has the certificates. Nothing here sleeps: pauses end when the receiver is closed, and tests wait on a
condition with `wait_for`.
"""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from tests.rigs.waiting import DEADLINE_S


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case; `header_list` has them as sent."""
    header_list: list[tuple[str, str]]
    body: bytes
    at: float
    """time.time() once the body was complete."""
    connection: int
    """Which connection of this receiver it came on, from 1."""


@dataclass(frozen=True)
class Script:
    """An answer written by hand: `play` gets the wire and the request; the connection is closed after it
    unless `keep` is set.
    """

    play: Callable[["Wire", Received], None]
    keep: bool = False


Reply = int | tuple[int, dict[str, str], bytes] | Script
Answer = Reply | Callable[[Received], Reply]


class Wire:
    """A connection, seen from the receiver."""

    def __init__(self, sock: socket.socket, closing: threading.Event) -> None:
        self.sock = sock
        self._closing = closing

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def drip(self, data: bytes, every_s: float = 0.05) -> None:
        """One byte at a time."""
        for byte in data:
            self.send(bytes([byte]))
            self.pause(every_s)

    def pause(self, seconds: float | None = None) -> None:
        """Wait, but never longer than the receiver lives."""
        if self._closing.wait(seconds):
            raise ConnectionAbortedError("the receiver is closing")

    def reset(self) -> None:
        """End with RST in place of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Receiver:
    """`with Receiver() as receiver:` listens on 127.0.0.1 and an ephemeral port; set `.answer` at any time.

    `.answer`: a status, `(status, headers, body)`, a `Script`, or a callable that gets the request and
    returns one of these. `on_connect` plays before any request is read (a peer that never reads, or is not
    HTTP at all).
    """

    def __init__(
        self,
        answer: Answer = 200,
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        on_connect: Callable[[Wire], None] | None = None,
        port: int = 0,
    ) -> None:
        self.answer = answer
        self.requests: list[Received] = []
        self.connections = 0
        self._tls = tls
        self._on_connect = on_connect
        self._condition = threading.Condition()
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=512
        )
        self.host = host
        self.port = int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self._tls else ''}://{host}:{self.port}/hook"

    def url_as(self, name: str) -> str:
        """The same receiver under a name that the test's resolver knows."""
        return f"http{'s' if self._tls else ''}://{name}:{self.port}/hook"

    def __enter__(self) -> "Receiver":
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all connections and threads."""
        self._closing.set()
        self.stop_listening()
        self.drop_connections()
        for thread in self._threads:
            thread.join(5)

    def stop_listening(self) -> None:
        """Refuse new connections; those that stand go on."""
        # shutdown wakes the thread that waits in accept; close alone would not.
        _shut(self._listener)
        self._listener.close()

    def drop_connections(self) -> None:
        """Close every connection, as a restarting receiver does; it goes on listening."""
        with self._condition:
            live = list(self._open)
        for sock in live:
            _shut(sock)

    def open_connections(self) -> int:
        """How many there are just now."""
        with self._condition:
            return len(self._open)

    def wait_for(self, count: int) -> list[Received]:
        """The requests so far, once there are `count` of them."""
        with self._condition:
            arrived = self._condition.wait_for(lambda: len(self.requests) >= count, DEADLINE_S)
            assert arrived, f"{len(self.requests)} requests in {DEADLINE_S:.0f} s, waited for {count}"
            return list(self.requests)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._condition:
                self.connections += 1
                number = self.connections
                self._open.add(sock)
            self._start(self._serve, sock, number)

    def _serve(self, raw: socket.socket, number: int) -> None:
        sock = raw
        try:
            if self._on_connect is not None:
                self._on_connect(Wire(sock, self._closing))
                return
            if self._tls is not None:
                sock = self._tls.wrap_socket(raw, server_side=True)
                with self._condition:
                    self._open.discard(raw)
                    self._open.add(sock)
            with sock.makefile("rb") as stream:
                while (request := _read(stream, number)) is not None:
                    with self._condition:
                        self.requests.append(request)
                        self._condition.notify_all()
                    if not self._reply(Wire(sock, self._closing), request):
                        return
        except (OSError, ValueError):
            # The peer went away, or sent something that is not HTTP: that is what many tests are about.
            return
        finally:
            with self._condition:
                self._open.discard(raw)
                self._open.discard(sock)
            _shut(sock)
            sock.close()

    def _reply(self, wire: Wire, request: Received) -> bool:
        """Answer; whether the connection stays."""
        answer = self.answer
        reply = answer(request) if callable(answer) else answer
        if isinstance(reply, Script):
            reply.play(wire, request)
            return reply.keep
        status, headers, body = (reply, {}, b"") if isinstance(reply, int) else reply
        lines = [f"HTTP/1.1 {status} Answer", *(f"{name}: {value}" for name, value in headers.items())]
        if status not in (204, 304):
            lines.append(f"Content-Length: {len(body)}")
        wire.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return headers.get("Connection", "").lower() != "close"


def _read(stream: Any, connection: int) -> Received | None:
    line = stream.readline(65536)
    if not line.strip():
        return None
    method, path, _ = line.decode("latin-1").split(" ", 2)
    header_list: list[tuple[str, str]] = []
    while (line := stream.readline(65536)) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        header_list.append((name, value.strip()))
    headers = {name.lower(): value for name, value in header_list}
    body = stream.read(int(headers.get("content-length", "0")))
    return Received(method, path, headers, header_list, body, time.time(), connection)


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


# Bad manners. Each is an answer: `receiver.answer = hang()`.

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def raw(*pieces: bytes, keep: bool = False) -> Script:
    """These very bytes, then the end of the connection (or the next request)."""
    return Script(lambda wire, _: wire.send(b"".join(pieces)), keep)


def hang(after: bytes = b"") -> Script:
    """Send `after`, then nothing for ever."""

    def play(wire: Wire, _: Received) -> None:
        wire.send(after)
        wire.pause()

    return Script(play)


def close_silently() -> Script:
    """FIN without an answer."""
    return Script(lambda wire, _: None)


def reset(after: bytes = b"") -> Script:
    """RST, after these bytes."""

    def play(wire: Wire, _: Received) -> None:
        wire.send(after)
        wire.reset()

    return Script(play)


def drip(data: bytes, *, after: bytes = b"", every_s: float = 0.05) -> Script:
    """`after` at once, then `data` one byte at a time."""

    def play(wire: Wire, _: Received) -> None:
        wire.send(after)
        wire.drip(data, every_s)

    return Script(play)


def endless(piece: bytes, *, after: bytes = b"", every_s: float = 0) -> Script:
    """`after`, then `piece` again and again, as long as somebody listens."""

    def play(wire: Wire, _: Received) -> None:
        wire.send(after)
        while True:
            wire.send(piece)
            if every_s:
                wire.pause(every_s)

    return Script(play)


def huge_headers(count: int = 90, each_bytes: int = 60_000) -> Script:
    return raw(
        b"HTTP/1.1 200 OK\r\n", *(b"X-Filler: " + b"a" * each_bytes + b"\r\n" for _ in range(count)), b"\r\n"
    )


def bad_gzip() -> Script:
    """A 200 whose body is not the gzip it claims to be."""
    return raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!", keep=True)


def cut_chunk() -> Script:
    return raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nonly this")


def too_long_length() -> Script:
    return raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nonly this")


def early_hints(count: int = 1) -> Script:
    """103 (RFC 8297) some times, then the answer."""
    return raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * count, OK, keep=True)


def two_lengths() -> Script:
    return raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc")


def http_0_9() -> Script:
    return raw(b"hello, this is no status line\n")


def held_back(count: int, then: Any) -> tuple[Callable[[Received], Any], threading.Event]:
    """An answer that keeps everybody waiting until `count` requests are there."""
    together = threading.Event()
    lock = threading.Lock()
    seen = [0]

    def answer(_: Received) -> Any:
        with lock:
            seen[0] += 1
            if seen[0] >= count:
                together.set()
        together.wait(DEADLINE_S)
        return then

    return answer, together
