"""A connection to NATS: to the first of its judged addresses that is there, logged in, or with the reason.

Owns that it is never mended by the library, which would make callers wait for a server that is away. Step
before: a client or a consumer needs a connection. Step after: it publishes or fetches.
"""

import asyncio
import os
import ssl
from typing import Any

import nats.errors
from nats.aio.client import Client as Connection

from hub.errors import DeliveryError
from hub.rules.brokers import KINDS, hosts_of, judged_as
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, unreachable
from hub.targets.brokers.dialing import is_tls, said, tls_context

CLOSE_S = 1.0
PING_S = 10


async def connected(broker: Broker, addresses: Addresses, timeout_s: float) -> Connection:
    """Raises: DeliveryError."""
    failure = unreachable("NATS has no address")
    try:
        async with asyncio.timeout(timeout_s):
            for host, address, port in await asyncio.to_thread(_judged, broker, addresses, timeout_s):
                try:
                    return await _connected_to(broker, host, address, port, timeout_s)
                except DeliveryError as error:
                    failure = error
    except TimeoutError:
        raise _late(timeout_s) from None
    raise failure


async def ended(connection: Connection) -> None:
    """Close it, whatever its state."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await connection.close()
    except Exception:  # it is over either way
        return


def _judged(broker: Broker, addresses: Addresses, timeout_s: float) -> list[tuple[str, str, int]]:
    """Host, address and port of what may be connected to. Raises: DeliveryError."""
    found = []
    for host, port in hosts_of(KINDS[broker.kind], broker.url):
        target = addresses.target(judged_as(host, port))
        found += [(host, address, port) for address in addresses.of(target, timeout_s)]
    return found


async def _connected_to(broker: Broker, host: str, address: str, port: int, timeout_s: float) -> Connection:
    """Raises: DeliveryError."""
    heard = _Heard()
    connection = _Encrypted() if is_tls(broker) else Connection()
    # Also for a server that asks for TLS at an address without it.
    options: dict[str, Any] = {"tls": tls_context(broker), "tls_hostname": host}
    if broker.username is not None:
        options |= {"user": broker.username, "password": broker.password or ""}
    elif broker.password is not None:
        options |= {"token": broker.password}
    shown = f"[{address}]" if ":" in address else address
    try:
        await connection.connect(
            f"{'tls' if is_tls(broker) else 'nats'}://{shown}:{port}",
            name="hookhub",
            allow_reconnect=False,
            max_reconnect_attempts=1,  # 0 would try for ever
            reconnect_time_wait=0,
            connect_timeout=max(1, round(timeout_s)),
            ping_interval=PING_S,
            error_cb=heard.error,
            **options,
        )
    except BaseException as error:
        await ended(connection)
        if not isinstance(error, Exception):
            raise
        raise _failure(broker, heard.last or error, timeout_s) from None
    return connection


class _Encrypted(Connection):
    """The library takes TLS where the server asks for it. Here it is the connection that does: who stands
    between and says that none is needed gets no login.
    """

    def _connect_command(self) -> bytes:
        if not self._server_info.get("tls_required"):
            raise nats.errors.SecureConnWantedError
        return super()._connect_command()


class _Heard:
    """What the library says of a connection beside its exceptions; otherwise it writes it into the log."""

    def __init__(self) -> None:
        self.last: Exception | None = None

    async def error(self, error: Exception) -> None:
        self.last = error


def _failure(broker: Broker, error: BaseException, timeout_s: float) -> DeliveryError:
    words = said(error, broker)
    if isinstance(error, nats.errors.SecureConnWantedError):
        return unreachable("NATS offers no TLS, without which the hub does not log in")
    if "authorization" in words.lower() or "authentication" in words.lower():
        return unreachable("NATS refuses the login: user name, password or token is wrong")
    if isinstance(error, ConnectionResetError):
        # A refusal is overtaken by the end of the connection where the server has not read all that we sent.
        return unreachable(
            "NATS ended the connection at the login: user name, password or token may be wrong"
        )
    if isinstance(error, TimeoutError | nats.errors.TimeoutError):
        return _late(timeout_s)
    if isinstance(error, OSError) and error.errno and not isinstance(error, ssl.SSLError):
        words = os.strerror(error.errno)
    return unreachable(f"NATS is not to be had: {words}")


def _late(timeout_s: float) -> DeliveryError:
    return unreachable(f"NATS gave no answer within {timeout_s:.3g} s")
