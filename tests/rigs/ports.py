"""Ports where nobody listens, for a server that is told its port, and for a target that is down.

Never one of those that the system hands out by itself: another test's receiver, which asks for any, would get it
before the server is there, or answer in place of nobody.
"""

import random
import socket
from pathlib import Path

_FIRST_HANDED_OUT = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
_OWN = range(10_000, max(20_000, _FIRST_HANDED_OUT))
_given: set[int] = set()


def free_port() -> int:
    """Another one each time."""
    while True:
        port = random.SystemRandom().choice(_OWN)
        with socket.socket() as one:
            if port not in _given and one.connect_ex(("127.0.0.1", port)) != 0:
                _given.add(port)
                return port


def nowhere() -> str:
    """A URL there."""
    return f"http://127.0.0.1:{free_port()}/"
