"""The door to the network as its tests use it: requests to loopback receivers, and a resolver that answers as
told.
"""

from ipaddress import ip_network
from typing import Any

import pytest

from connectors.base import HttpParcel
from hub.errors import DeliveryError
from hub.targets.outbound import Outbound
from hub.targets.transport import Request

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))
TOTAL_S = 0.4
CONNECT_S = 0.25
SLACK_S = 0.6
"""What a deadline may be late by on a busy machine."""
HEAD = b"HTTP/1.1 200 OK\r\n"


class Names:
    """A resolver for tests: answers as told, and counts."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


def post(url: str, body: bytes = b'{"a": 1}', **changes: Any) -> Request:
    return Request(
        url,
        HttpParcel({"Content-Type": "application/json"}, body),
        **{"total_timeout_s": 5, "connect_timeout_s": 2} | changes,
    )


def hasty(url: str, **changes: Any) -> Request:
    return post(url, **{"total_timeout_s": TOTAL_S, "connect_timeout_s": CONNECT_S} | changes)


def failure(outbound: Outbound, request: Request) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        outbound.send(request)
    return raised.value
