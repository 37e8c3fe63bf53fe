"""NATS JetStream: a message is delivered once a stream has answered under which number it keeps it.

Owns the connection: one a process, in an event loop with a thread of its own. It is not mended but made again
by whoever sends next, so that nobody waits for a server that is away. The id under which JetStream drops
repeats is the event's and the subject's: two hooks may put one event on two subjects of a stream. Step
before: `transport`. Step after: the stream's answer (https://docs.nats.io/nats-concepts/jetstream/headers).
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import nats.errors
import nats.js.errors
from nats.aio.client import Client as Connection

from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, Message, not_taken, too_large, unanswered
from hub.targets.brokers.dialing import said
from hub.targets.brokers.nats_connecting import connected, ended

T = TypeVar("T")

CONNECT_S = 5.0
GRACE_S = 1.0
"""How much longer than its own time the loop is waited for."""


def client(broker: Broker, addresses: Addresses) -> "JetStream":
    return JetStream(broker, addresses)


class JetStream:
    """A client; see `client.Client`."""

    def __init__(self, broker: Broker, addresses: Addresses) -> None:
        self._broker = broker
        self._addresses = addresses
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._connecting = asyncio.Lock()
        self._connection: Connection | None = None

    def publish(self, message: Message, timeout_s: float) -> str:
        return self._run(self._publish(message, timeout_s), timeout_s)

    def check(self, timeout_s: float) -> None:
        self._run(self._connected(timeout_s), timeout_s)

    def close(self) -> None:
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close(), loop)
        self._thread.join(2 * GRACE_S)

    def _run(self, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result(timeout_s + GRACE_S)
        except TimeoutError:
            future.cancel()
            raise unanswered(f"NATS gave no answer within {timeout_s:.3g} s") from None

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_run_until_stopped, args=(self._loop,), name="nats", daemon=True
                )
                self._thread.start()
            return self._loop

    async def _publish(self, message: Message, timeout_s: float) -> str:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + timeout_s
        connection = await self._connected(min(timeout_s, CONNECT_S))
        headers = {**message.headers, "Nats-Msg-Id": f"{message.event_id}/{message.place}"}
        try:
            async with asyncio.timeout_at(ends_at):
                receipt = await connection.jetstream().publish(
                    message.place, message.body, timeout=timeout_s, headers=headers
                )
        except (TimeoutError, nats.errors.TimeoutError):
            raise unanswered(f"no stream of NATS answered within {timeout_s:.3g} s") from None
        except nats.js.errors.NoStreamResponseError:
            raise not_taken(f"no stream of NATS takes the subject {message.place}") from None
        except nats.errors.MaxPayloadError:
            size, most = len(message.body), connection.max_payload
            raise too_large(f"the message has {size} bytes; this NATS takes {most}") from None
        except nats.js.errors.APIError as error:
            raise not_taken(
                f"NATS refuses it: {error.code} {said(error.description, self._broker)}"
            ) from None
        except (nats.errors.Error, OSError) as error:
            raise unanswered(f"the connection to NATS broke: {said(error, self._broker)}") from None
        repeat = ", which it had already" if receipt.duplicate else ""
        return f"stream {receipt.stream}, sequence {receipt.seq}{repeat}"

    async def _connected(self, timeout_s: float) -> Connection:
        """Raises: DeliveryError."""
        async with self._connecting:
            if self._connection is not None and self._connection.is_connected:
                return self._connection
            if self._connection is not None:
                await ended(self._connection)
                self._connection = None
            self._connection = await connected(self._broker, self._addresses, timeout_s)
            return self._connection

    async def _close(self) -> None:
        if self._connection is not None:
            await ended(self._connection)
        asyncio.get_running_loop().stop()


def _run_until_stopped(loop: asyncio.AbstractEventLoop) -> None:
    """And end with it what the library leaves when a connection broke as it was closed."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop().run_forever()
