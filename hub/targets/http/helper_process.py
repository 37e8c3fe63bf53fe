"""The helper: the process that sends for another one's loop while there is much to send.

Owns what that process does: it sends what it is asked over the channel on the descriptor in its first
argument (the second is its `SetUp`), tells what came of it, and ends with the channel. It opens no database,
reads no key, and decides nothing about deliveries. Step before: `hub.targets.http.helper` starts it and asks.
Step after: the same hears of each request.
"""

import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from ipaddress import ip_network

from msgspec import json

from connectors.base import HttpParcel
from hub.errors import DeliveryError
from hub.rules.addresses import Network
from hub.targets.addresses import Addresses
from hub.targets.http.channel import Answered, Asked, Begun, Channel, Failed, GiveBack, Logged, Message
from hub.targets.http.exchange import Handle
from hub.targets.http.helper import SetUp
from hub.targets.http.loop import Loop
from hub.targets.resolver import Resolver
from hub.targets.transport import Receipt, Request


class Serving:
    """What goes on in a helper: all of it on its loop's thread."""

    def __init__(self, end: socket.socket, set_up: SetUp, leave: Callable[[], None]) -> None:
        """`leave` is called when nobody asks any more, nor waits for what is under way."""
        allow: list[Network] = [ip_network(text) for text in set_up.allow]
        addresses = Addresses(allow, Resolver(), set_up.own_places, set_up.ports)
        self._loop = Loop(
            "helper",
            addresses,
            lambda: Handle(set_up.ca_file, allow),
            lambda: None,
            lambda: self._loop.give_back(),
        )
        self._leave = leave
        self._loop.call(partial(self._begin, end))

    def close(self) -> None:
        self._loop.close()

    def log(self, record: logging.LogRecord) -> None:
        """Hand a line to the process that has this helper. From any thread."""
        text = logging.Formatter().format(record)
        self._loop.call(lambda: self._channel.put(Logged(record.levelno, record.name, text)))

    def _begin(self, end: socket.socket) -> None:
        self._channel = Channel(end, self._loop.selector, self._came, self._leave)
        self._channel.put(Begun(0))

    def _came(self, message: Message) -> None:
        match message:
            case Asked():
                self._loop.submit(_Job(message, self._channel))
            case Begun():
                self._loop.call(partial(self._channel.put, message))
            case GiveBack():
                self._loop.give_back()
            case _:
                raise AssertionError(message)


class _Job:
    """A request of another process."""

    __slots__ = ("_asked", "_channel")

    def __init__(self, asked: Asked, channel: Channel) -> None:
        self._asked = asked
        self._channel = channel

    def request(self) -> Request:
        one = self._asked
        parcel = HttpParcel(one.headers, one.body, one.method)
        return Request(one.url, parcel, one.verify_ssl, one.total_timeout_s, one.connect_timeout_s)

    def answered(self, receipt: Receipt) -> None:
        answer = receipt.answer
        self._channel.put(
            Answered(
                self._asked.number,
                answer.status,
                answer.headers,
                answer.body,
                receipt.phase,
                receipt.peer,
                receipt.duration_s,
                receipt.note,
                receipt.phases_ms,
            )
        )

    def failed(self, error: Exception) -> None:
        if not isinstance(error, DeliveryError):
            error = DeliveryError(f"fault of the hub: {error}", "none", "hub")
        self._channel.put(
            Failed(
                self._asked.number,
                error.reason,
                error.phase,
                error.fault,
                error.peer,
                error.was_sent,
                error.phases_ms,
            )
        )


class _ToOwner(logging.Handler):
    def __init__(self, serving: Serving) -> None:
        super().__init__()
        self._serving = serving

    def emit(self, record: logging.LogRecord) -> None:
        self._serving.log(record)


def main(descriptor: str, set_up: str) -> None:
    # A stop is its owner's to decide, which lets what is under way end first.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    is_over = threading.Event()
    serving = Serving(socket.socket(fileno=int(descriptor)), json.decode(set_up, type=SetUp), is_over.set)
    logging.basicConfig(level=logging.WARNING, handlers=[_ToOwner(serving)])
    is_over.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
