"""Redis streams: a message is one entry, added by XADD.

Owns what Redis's answers mean. The client must never try again by itself: Redis knows no repeats, so that an
entry whose answer was lost would stand there twice without anybody asking. Each call has one deadline, which
holds for every single wait within it, and a bound of what is read. Step before: `transport`. Step after: a
consumer reads the stream.
"""

import socket
import threading
from typing import Any

import redis
from redis import exceptions

from hub.errors import DeliveryError
from hub.rules.brokers import KINDS, options_of
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, Message, not_taken, too_large, unanswered, unreachable
from hub.targets.brokers.dialing import WORDS_MAX, Deadline, dialed, host_and_port, said

READ_MAX = 64 * 1024
"""Bytes of answers that one call reads at most; real ones have a hundred."""
_LOGIN = (exceptions.AuthenticationError, exceptions.AuthorizationError)
_TOO_LARGE = ("invalid bulk length", "string exceeds maximum")
"""In Redis's words for an entry beyond its proto-max-bulk-len."""


def client(broker: Broker, addresses: Addresses) -> "RedisStreams":
    return RedisStreams(broker, addresses)


class RedisStreams:
    """A pool of connections, as many as threads publish at once."""

    def __init__(self, broker: Broker, addresses: Addresses) -> None:
        self._broker = broker
        self._host, self._port = host_and_port(broker)
        self._maxlen = options_of(KINDS["redis"], broker.url).get("maxlen")
        self._call = _Call()
        pool = redis.ConnectionPool(
            connection_class=_Connection,
            broker=broker,
            addresses=addresses,
            call=self._call,
            host=self._host,
            port=self._port,
            db=_database(broker.url),
            username=broker.username,
            password=broker.password,
            protocol=2,
            retry=None,
            driver_info=None,
        )
        self._redis = redis.Redis(connection_pool=pool)

    def publish(self, message: Message, timeout_s: float) -> str:
        fields = {**message.headers, "body": message.body}
        command: list[Any] = ["XADD", message.place]
        if self._maxlen is not None:
            command += ["MAXLEN", "~", self._maxlen]
        command.append("*")
        for name, value in fields.items():
            command += [name, value]
        entry = self._asked(command, timeout_s)
        return f"entry {said(entry.decode('utf-8', 'replace'), self._broker)}"

    def check(self, timeout_s: float) -> None:
        self._asked(["PING"], timeout_s)

    def close(self) -> None:
        self._redis.connection_pool.disconnect()

    def _asked(self, command: list[Any], timeout_s: float) -> bytes:
        """Redis's answer. Raises: DeliveryError."""
        self._call.begin(timeout_s)
        try:
            answer = self._redis.execute_command(*command)  # type: ignore[no-untyped-call]
        except DeliveryError:
            raise
        except (exceptions.RedisError, OSError, ValueError) as error:
            raise self._failure(error, timeout_s) from None
        if not isinstance(answer, bytes | bool):
            raise not_taken(f"{self._where} answered what no Redis does")
        return answer if isinstance(answer, bytes) else b""

    def _failure(self, error: Exception, timeout_s: float) -> DeliveryError:
        words = said(error, self._broker)
        if isinstance(error, _LOGIN):
            return unreachable(f"{self._where} refuses the login: {words}")
        if isinstance(error, exceptions.ResponseError | exceptions.BusyLoadingError):
            if any(sign in words for sign in _TOO_LARGE):
                return too_large(f"{self._where} says that it is too large: {words}")
            return not_taken(f"{self._where} says: {words}")
        if isinstance(error, exceptions.TimeoutError | TimeoutError):
            words = f"within {timeout_s:.3g} s"
            if not self._call.was_sent:
                return unreachable(f"no connection to {self._where} {words}")
            return unanswered(f"no answer from {self._where} {words}")
        if any(sign in self._call.last_words for sign in _TOO_LARGE):
            return too_large(f"{self._where} says that it is too large: {self._call.last_words}")
        if self._call.was_sent:
            return unanswered(f"{self._where} broke off: {words}")
        return unreachable(f"{self._where} is not to be had: {words}")

    @property
    def _where(self) -> str:
        return f"Redis at {self._host}:{self._port}"


class _Call(threading.local):
    """What a thread's call may take, and how far it came. Every thread has its own."""

    deadline = Deadline(0)
    left_bytes = 0
    is_ready = False
    """The connection is there and logged in: what is written now is the command."""
    was_sent = False
    last_words = ""
    """What a server said that closed the connection while we still wrote."""

    def begin(self, timeout_s: float) -> None:
        self.deadline = Deadline(timeout_s)
        self.left_bytes = READ_MAX
        self.is_ready = self.was_sent = False
        self.last_words = ""


class _Connection(redis.Connection):
    """A connection of redis-py that goes where it may, and waits as long as the call of its thread may."""

    def __init__(self, *, broker: Broker, addresses: Addresses, call: _Call, **rest: Any) -> None:
        super().__init__(**rest)  # type: ignore[no-untyped-call]
        self._broker = broker
        self._addresses = addresses
        self._call = call

    def connect(self) -> None:
        """Also called before every command, on a connection that is open already."""
        self._call.is_ready = False
        super().connect()  # type: ignore[no-untyped-call]
        self._call.is_ready = True

    def _connect(self) -> Any:
        return _Line(dialed(self._broker, self._addresses, self._call.deadline), self._call)


class _Line:
    """A socket as redis-py uses it. The library's own time-out is for each read, and a server that sends a
    byte now and then would never come to it.
    """

    def __init__(self, opened: socket.socket, call: _Call) -> None:
        self._socket = opened
        self._call = call
        self._only_looks = False

    def settimeout(self, timeout_s: float | None) -> None:
        """0 is the library's look whether anything is there; all other waits are the call's."""
        self._only_looks = timeout_s == 0

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(self._call.deadline.left_s())
        self._call.was_sent = self._call.is_ready
        try:
            self._socket.sendall(data)
        except ConnectionError:
            self._call.last_words = self._last_words()
            raise

    def recv(self, size: int) -> bytes:
        self._socket.settimeout(0 if self._only_looks else self._call.deadline.left_s())
        data = self._socket.recv(size)
        self._call.left_bytes -= len(data)
        if self._call.left_bytes < 0:
            raise OSError(f"more than {READ_MAX // 1024} KiB of answer")
        return data

    def _last_words(self) -> str:
        """Redis says what it minds and hangs up, with the rest of the command unread."""
        try:
            self._socket.settimeout(0)
            return self._socket.recv(WORDS_MAX).decode("ascii", "replace").strip()
        except OSError:
            return ""

    def shutdown(self, how: int) -> None:
        self._socket.shutdown(how)

    def close(self) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()


def _database(url: str) -> int:
    """The number that the path of a URL names."""
    return int(url.partition("://")[2].partition("?")[0].partition("/")[2] or 0)
