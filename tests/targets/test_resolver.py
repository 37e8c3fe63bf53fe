"""What a lookup that went wrong says about whom."""

import errno
import os
import resource
import socket
import threading

import pytest

from hub.errors import DeliveryError
from hub.targets.machine import NEARLY
from hub.targets.resolver import Resolver
from tests.rigs.waiting import DEADLINE_S


def failure(error: OSError) -> DeliveryError:
    """What a caller gets when the system's lookup raises this."""

    def lookup(host: str, port: int) -> list[str]:
        raise error

    resolver = Resolver(lookup)
    with pytest.raises(DeliveryError) as raised:
        resolver.resolve("a.example", 80, 60)
    resolver.close()
    assert (raised.value.phase, raised.value.was_sent) == ("dns", False)
    return raised.value


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EINVAL, errno.EIO], ids=errno.errorcode.get)
def test_an_error_of_the_system_is_the_hubs_fault_whatever_its_number(number: int) -> None:
    """With no descriptor left, a resolver was seen to say EMFILE, and EINVAL on a busy machine."""
    error = failure(OSError(number, os.strerror(number)))
    assert error.fault == "hub"
    assert os.strerror(number) in error.reason


@pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_ADDRFAMILY])
def test_a_name_that_a_name_server_does_not_know_is_the_receivers_fault(code: int) -> None:
    error = failure(socket.gaierror(code, "Name or service not known"))
    assert error.fault == "receiver"
    assert error.reason == "the name a.example could not be resolved: Name or service not known"


def test_a_name_that_is_not_found_while_descriptors_are_scarce_is_the_hubs_fault() -> None:
    """A C library that can open neither its files nor a socket says that there is no such name."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = len(os.listdir("/proc/self/fd")) + NEARLY - 2
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, hard))
    try:
        error = failure(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert error.fault == "hub"


def test_a_shortage_that_is_over_when_the_lookup_has_failed_is_the_hubs_fault_all_the_same() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def lookup(host: str, port: int) -> list[str]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolver = Resolver(lookup)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))  # what is open stays open
    try:
        with pytest.raises(DeliveryError) as raised:
            resolver.resolve("a.example", 80, 60)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    resolver.close()
    assert raised.value.fault == "hub"


@pytest.mark.parametrize("code", [socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_MEMORY, socket.EAI_SERVICE])
def test_a_name_server_that_does_not_say_is_the_hubs_fault(code: int) -> None:
    """EAI_AGAIN is how a C library says SERVFAIL, REFUSED, and no answer at all."""
    error = failure(socket.gaierror(code, "Temporary failure in name resolution"))
    assert error.fault == "hub"
    assert (
        error.reason == "the hub could not look up the name a.example: Temporary failure in name resolution"
    )


def test_one_lookup_is_under_way_per_host_however_many_wait() -> None:
    begun, release = threading.Event(), threading.Event()
    asked: list[str] = []
    answers: list[list[str]] = []

    def lookup(host: str, port: int) -> list[str]:
        asked.append(host)
        begun.set()
        release.wait(DEADLINE_S)
        return ["127.0.0.1", "127.0.0.1"]

    resolver = Resolver(lookup)
    first = threading.Thread(target=lambda: answers.append(resolver.resolve("a.example", 80, 5)))
    first.start()
    begun.wait(DEADLINE_S)
    for _ in range(20):
        with pytest.raises(DeliveryError):
            resolver.resolve("a.example", 80, 0.001)
    assert asked == ["a.example"]
    release.set()
    first.join()
    assert answers == [["127.0.0.1"]]
    resolver.resolve("a.example", 80, 5)
    assert asked == ["a.example"] * 2, "an answer was remembered"
    resolver.close()


def test_when_slow_name_servers_hold_all_threads_the_others_are_not_blamed() -> None:
    release = threading.Event()

    def lookup(host: str, port: int) -> list[str]:
        release.wait(DEADLINE_S)
        return ["127.0.0.1"]

    resolver = Resolver(lookup, threads=2)
    errors: list[DeliveryError] = []
    for host in ("a.example", "b.example", "c.example"):
        with pytest.raises(DeliveryError) as raised:
            resolver.resolve(host, 80, 0.1)
        errors.append(raised.value)
    assert [error.fault for error in errors] == ["hub", "hub", "hub"]
    assert ["all busy" in error.reason for error in errors] == [False, False, True]
    assert resolver._threads == 2
    release.set()
    assert resolver.resolve("d.example", 80, 5) == ["127.0.0.1"]
    resolver.close()
