"""What our own machine has and lacks: descriptors, memory, routes, addresses.

Owns the line between what is wrong here and what is wrong with a receiver: libraries report both alike, and a
receiver must not pay for ours. Step before: a lookup or a connection failed. Step after:
`hub.targets.resolver` and `hub.targets.http.failure` say whose fault it is.
"""

import errno
import os
import resource
import socket
from collections.abc import Callable

SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
"""Errors that say what our machine has run out of: descriptors, memory, source ports."""

CUT_OFF = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.ENONET, errno.EPERM, errno.EACCES})
"""Errors of connecting that say that our machine's network leads nowhere: no route, no link, or a firewall of
its own.

EHOSTUNREACH is not among them: a receiver that is switched off, or a firewall in front of it, looks like
that.
"""


NEARLY = 8
"""Descriptors that a lookup takes at the most, and some that others may have closed since."""


def shortage() -> str | None:
    """What this process has run out of just now, in words; glibc and libcurl report a full descriptor table
    as a failure of the peer.
    """
    try:
        socket.socket().close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def is_nearly_short() -> bool:
    """Whether so few descriptors are left that a moment ago there may have been none."""
    try:
        return descriptor_limit() - len(os.listdir("/proc/self/fd")) < NEARLY
    except OSError:  # none is left, or no Linux
        return shortage() is not None


def descriptor_limit() -> int:
    """How many files and connections this process may have open."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 1_000_000 if soft == resource.RLIM_INFINITY else soft


def has_route(address: str) -> bool:
    """Whether our machine knows a way to an address. Nothing is sent: connecting a datagram socket only asks
    the routing table.
    """
    return _lets(address, lambda probe: probe.connect((address, 9)))


def has_address(address: str) -> bool:
    """Whether an address is our own machine's: only such a one can be bound to."""
    return _lets(address, lambda probe: probe.bind((address, 0)))


def _lets(address: str, ask: Callable[[socket.socket], None]) -> bool:
    """Whether the system allows this of a datagram socket of the address's family."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            ask(probe)
    except OSError:
        return False
    return True
