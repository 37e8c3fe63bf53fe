"""What goes on in a helper besides sending, which `test_helper` looks at from outside."""

import logging
import socket
import threading
from collections.abc import Iterator

import pytest

from hub.targets.http.helper import SetUp
from hub.targets.http.helper_process import Serving
from tests.rigs.waiting import DEADLINE_S


@pytest.fixture
def owner() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    ours.settimeout(DEADLINE_S)
    has_left = threading.Event()
    serving = Serving(theirs, SetUp([], [], "/nowhere", None), has_left.set)
    record = logging.LogRecord("hub.somewhere", logging.WARNING, "", 0, "%s is odd", ("this",), None)
    serving.log(record)
    yield ours
    ours.close()
    assert has_left.wait(DEADLINE_S), "it lives on without its owner"
    serving.close()


def test_its_lines_go_to_the_log_of_its_owner_and_it_ends_with_it(owner: socket.socket) -> None:
    read = b""
    while b"this is odd" not in read:
        read += owner.recv(4096)
    assert b"Logged" in read
    assert b"hub.somewhere" in read
