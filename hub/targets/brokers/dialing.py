"""A connection to a broker: to a judged address, trusted as its connection says, under one deadline.

Owns what clients share that do not dial by themselves, and how a library's words are shown. A deadline is
the whole call's: lookup, connecting, login and message. Step before: a client needs a connection. Step
after: its library speaks the protocol over it.
"""

import socket
import ssl
import time

import certifi

from hub.rules.brokers import KINDS, hosts_of, judged_as
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, refused

WORDS_MAX = 300


class Deadline:
    """When one call must be over."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self.began = time.monotonic()
        self._until = self.began + timeout_s

    def left_s(self) -> float:
        """Raises: TimeoutError, when nothing is left."""
        left_s = self.rest_s()
        if left_s <= 0:
            raise TimeoutError(f"not through within {self.timeout_s:.3g} s")
        return left_s

    def rest_s(self) -> float:
        """What is left; 0 when nothing is."""
        return max(0.0, self._until - time.monotonic())


def host_and_port(broker: Broker) -> tuple[str, int]:
    """Where a broker of one host is."""
    return hosts_of(KINDS[broker.kind], broker.url)[0]


def is_tls(broker: Broker) -> bool:
    return broker.url.partition("://")[0].lower() in KINDS[broker.kind].tls_schemes


def tls_context(broker: Broker) -> ssl.SSLContext:
    """Which certificates are trusted. Raises: DeliveryError, where the connection's own cannot be read."""
    try:
        context = ssl.create_default_context(
            cafile=certifi.where() if broker.ca is None else None, cadata=broker.ca
        )
    except (ssl.SSLError, ValueError) as error:
        raise refused(f"the certificates of the connection {broker.name} cannot be read: {error}") from None
    if not broker.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def dialed(broker: Broker, addresses: Addresses, deadline: Deadline) -> socket.socket:
    """An open connection to one of the judged addresses of a broker's host, with TLS where its URL says so.
    Raises: DeliveryError by the policy, OSError when none answers.
    """
    host, port = host_and_port(broker)
    opened = _connected(addresses, host, port, deadline)
    try:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if is_tls(broker):
            context = tls_context(broker)
            opened.settimeout(deadline.left_s())  # of the whole handshake
            opened = context.wrap_socket(opened, server_hostname=host)
    except BaseException:
        opened.close()
        raise
    return opened


def _connected(addresses: Addresses, host: str, port: int, deadline: Deadline) -> socket.socket:
    target = addresses.target(judged_as(host, port))
    failed: OSError | None = None
    for address in addresses.of(target, deadline.left_s()):
        try:
            return socket.create_connection((address, port), timeout=deadline.left_s())
        except OSError as error:
            failed = error
    raise failed or OSError("no address")


def said(words: object, broker: Broker) -> str:
    """What a library says, fit to be shown: one line, bounded, and never the password."""
    text = str(words)
    if broker.password:
        text = text.replace(broker.password, "***")
    return "".join(one if one.isprintable() else " " for one in text).strip()[:WORDS_MAX]
