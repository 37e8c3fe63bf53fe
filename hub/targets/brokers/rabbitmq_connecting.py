"""Connecting to RabbitMQ: by which parameters, and what went wrong in words.

Owns what client and consumer have in common. Step before: one of them needs a connection. Step after: it
opens one, in its own thread, to the first address that is there.
"""

import logging
import ssl
from typing import Any
from urllib.parse import unquote, urlsplit

import pika
from pika.exceptions import ProbableAccessDeniedError, ProbableAuthenticationError

from hub.rules.brokers import judged_as
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker
from hub.targets.brokers.dialing import host_and_port, is_tls, said, tls_context

# What goes wrong is told by who asked, once.
logging.getLogger("pika").setLevel(logging.CRITICAL)

HEARTBEAT_S = 20
OPEN_S = 10.0


def parameters(broker: Broker, addresses: Addresses, timeout_s: float) -> list[Any]:
    """Of each judged address. Raises: DeliveryError."""
    host, port = host_and_port(broker)
    options = None
    if is_tls(broker):
        options = pika.SSLOptions(tls_context(broker), host)
    return [
        pika.ConnectionParameters(
            host=address,
            port=port,
            virtual_host=unquote(urlsplit(broker.url).path[1:]) or "/",
            credentials=pika.PlainCredentials(broker.username or "guest", broker.password or "guest"),
            heartbeat=HEARTBEAT_S,
            connection_attempts=1,
            socket_timeout=OPEN_S,
            stack_timeout=OPEN_S,
            ssl_options=options,
            client_properties={"connection_name": "hookhub"},
        )
        for address in addresses.of(addresses.target(judged_as(host, port)), timeout_s)
    ]


def words_of_opening(error: BaseException, broker: Broker) -> str:
    """pika wraps what happened three times."""
    while inner := _inner(error):
        error = inner
    if isinstance(error, ProbableAuthenticationError):
        return "RabbitMQ refuses the login: user name or password is wrong"
    if isinstance(error, ProbableAccessDeniedError):
        return f"RabbitMQ refuses access to the virtual host: {words(error, broker)}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with RabbitMQ: {words(error, broker)}"
    return f"RabbitMQ is not to be had: {words(error, broker)}"


def _inner(error: BaseException) -> BaseException | None:
    """The last of what an error of pika's tells of."""
    told = [*error.args, *(getattr(error, "exceptions", None) or ()), getattr(error, "exception", None)]
    return next((one for one in reversed(told) if isinstance(one, BaseException)), None)


def words(error: BaseException, broker: Broker) -> str:
    """What the broker said, where it closed something."""
    code, text = getattr(error, "reply_code", None), getattr(error, "reply_text", None)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return said(f"{code} {text}" if code else str(error) or type(error).__name__, broker)
