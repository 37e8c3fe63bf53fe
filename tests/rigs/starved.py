"""A sender with few descriptors left, in a process of its own: `python -m tests.rigs.starved DOOR NUMBER …`
prints a line of JSON for each number of spare ones, `python -m tests.rigs.starved DOOR idle` one about idle
connections. DOOR: `single` or `looped`. `NUMBER@HOST` sends to that host in place of the name localhost.

A process of its own because the shortage must be certain: in the one that runs the tests, a thread that
another test left behind may close a file in just that moment.
"""

import contextlib
import json
import os
import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_network

from connectors.base import HttpParcel
from hub.errors import DeliveryError
from hub.targets.outbound import Outbound
from hub.targets.transport import Request
from tests.rigs.jobs import Looped
from tests.rigs.receivers import Receiver


@contextmanager
def descriptors_left(spare: int) -> Iterator[None]:
    """So many more files may be opened, and no more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    hoard: list[int] = []
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, before[1]))
    try:
        # Fill the gaps below the limit too.
        with suppress(OSError):
            while True:
                hoard.append(os.dup(0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1 + spare, before[1]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for descriptor in hoard:
            os.close(descriptor)


def request(url: str, total_s: float) -> Request:
    return Request(url, HttpParcel({}, b"{}"), total_timeout_s=total_s, connect_timeout_s=total_s)


DOORS = {"single": Outbound, "looped": Looped}


def idle(make: type[Outbound]) -> dict[str, object]:
    """All descriptors are gone, some of them to connections that nobody uses just now."""
    door = make(allow=(ip_network("127.0.0.0/8"),))
    with contextlib.ExitStack() as held:
        receivers = [held.enter_context(Receiver()) for _ in range(5)]
        for receiver in receivers[:-1]:
            door.send(request(receiver.url, 60))
        said = []
        with descriptors_left(0):
            for _ in range(2):
                try:
                    said.append(str(door.send(request(receivers[-1].url, 60)).answer.status))
                except DeliveryError as error:
                    said.append(error.fault)
        door.close()
    return {"said": said}


def outcome(make: type[Outbound], case: str) -> dict[str, object]:
    """Of a request with few descriptors left, and of the next one with enough."""
    spare, _, host = case.partition("@")
    door = make(allow=(ip_network("127.0.0.0/8"), ip_network("::1")))
    # A listener that nobody serves takes the connection, so that only our own half needs descriptors.
    with socket.create_server(("127.0.0.1", 0)) as listener, descriptors_left(int(spare)):
        try:
            door.send(request(f"http://{host or 'localhost'}:{listener.getsockname()[1]}/", 3))
        except DeliveryError as error:
            found = {"fault": error.fault, "phase": error.phase, "was_sent": error.was_sent}
            said = error.reason
    with Receiver() as receiver:
        later = door.send(request(receiver.url_as("localhost"), 60)).answer.status
    door.close()
    return {"case": case, **found, "reason": said, "later": later}


def main() -> None:
    make, what = DOORS[sys.argv[1]], sys.argv[2:]
    if what == ["idle"]:
        sys.stdout.write(json.dumps(idle(make)) + "\n")
        return
    children = []
    for case in what:
        # Each in a process of its own: what another one closes late is no spare descriptor of this one.
        if not (child := os.fork()):
            sys.stdout.write(json.dumps(outcome(make, case)) + "\n")
            sys.stdout.flush()
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
