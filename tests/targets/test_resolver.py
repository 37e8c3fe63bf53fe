"""What a lookup that went wrong says about whom."""

import errno
import os
import socket

import pytest

from hub.errors import DeliveryError
from hub.targets.resolver import Resolver


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


def test_a_name_that_does_not_exist_is_the_receivers_fault() -> None:
    error = failure(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    assert error.fault == "receiver"
    assert error.reason == "the name a.example could not be resolved: Name or service not known"


def test_a_lookup_without_memory_is_the_hubs_fault() -> None:
    assert failure(socket.gaierror(socket.EAI_MEMORY, "Memory allocation failure")).fault == "hub"
