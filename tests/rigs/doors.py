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
from tests.rigs.waiting import DEADLINE_S

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))
TOTAL_S = 1
CONNECT_S = 0.5
"""Deadlines that tests wait for; what shall end before them is sent with `post`."""
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
        **{"total_timeout_s": DEADLINE_S, "connect_timeout_s": DEADLINE_S} | changes,
    )


def hasty(url: str, **changes: Any) -> Request:
    """One whose deadline is the point."""
    return post(url, **{"total_timeout_s": TOTAL_S, "connect_timeout_s": CONNECT_S} | changes)


def failure(outbound: Outbound, request: Request) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        outbound.send(request)
    return raised.value
