"""Connecting to RabbitMQ: by which parameters, and whatever goes wrong in words."""

import re
import ssl

import pytest
from pika.exceptions import (
    AMQPConnectionError,
    ConnectionClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker
from hub.targets.brokers.rabbitmq_connecting import parameters, words_of_opening

BROKER = Broker("queue", "amqp", "amqp://127.0.0.1/shop%2Feu", "hub", "s3cret")


def test_the_virtual_host_is_the_urls_path_and_nobody_is_guest(addresses: Addresses) -> None:
    [named] = parameters(BROKER, addresses, 5)
    assert (named.host, named.port, named.virtual_host) == ("127.0.0.1", 5672, "shop/eu")
    assert (named.credentials.username, named.credentials.password) == ("hub", "s3cret")
    [bare] = parameters(Broker("queue", "amqp", "amqps://127.0.0.1"), addresses, 5)
    assert (bare.port, bare.virtual_host, bare.credentials.username) == (5671, "/", "guest")
    assert bare.ssl_options is not None


@pytest.mark.parametrize(
    ("inmost", "expected"),
    [
        (ProbableAuthenticationError(403, "no"), "refuses the login"),
        (ProbableAccessDeniedError(530, "NOT_ALLOWED s3cret"), r"virtual host: .*NOT_ALLOWED \*{3}"),
        (ssl.SSLError(1, "wrong version number"), "no TLS with RabbitMQ: wrong version number"),
        (ConnectionRefusedError(111, "Connection refused"), "not to be had: Connection refused"),
        (ConnectionClosedByBroker(320, "stopped"), "not to be had: 320 stopped"),
    ],
)
def test_what_went_wrong_is_looked_for_in_what_the_library_wraps_it_in(
    inmost: Exception, expected: str
) -> None:
    wrapped = AMQPConnectionError(AMQPConnectionError("workflow failed", inmost))
    for error in (inmost, wrapped):
        assert re.search(expected, words_of_opening(error, BROKER))
