"""What libcurl's failures mean: how far it came, and whose fault it is."""

import errno
import os
from typing import Any

import pycurl
import pytest

from hub.errors import DeliveryError
from hub.targets.http.answer import Reading
from hub.targets.http.failure import LATE_S, Ending, failure, plain

LOCAL = "127.0.0.1"
NOWHERE = "127.255.255.255"
"""A broadcast address: no route leads to it."""


def ended(code: int, os_errno: int = 0, tried: tuple[str, ...] = (LOCAL,), **how: Any) -> DeliveryError:
    values: dict[str, Any] = {"text": "", "was_sent": False, "is_connected": False, "trouble": None}
    ending = Ending(code=code, os_errno=os_errno, peer=tried[-1], tried=tried, **{**values, **how})
    return failure(ending, "https", 5, 15, Reading())


@pytest.mark.parametrize(
    "number", [errno.ENETUNREACH, errno.ENETDOWN, errno.ENONET, errno.EPERM, errno.EMFILE]
)
def test_where_our_own_network_leads_nowhere_the_hub_is_to_blame(number: int) -> None:
    error = ended(pycurl.E_COULDNT_CONNECT, number)
    assert (error.fault, error.phase, error.was_sent) == ("hub", "connect", False)
    assert os.strerror(number).lower() in error.reason.lower()


@pytest.mark.parametrize(
    "number", [errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ETIMEDOUT, errno.ECONNRESET]
)
def test_what_one_host_does_is_the_receivers_fault(number: int) -> None:
    assert ended(pycurl.E_COULDNT_CONNECT, number).fault == "receiver"


def test_a_machine_that_leads_to_one_of_two_addresses_is_not_cut_off() -> None:
    """libcurl tells the error of either: without IPv6 that may be ours, although the IPv4 address refused."""
    for tried in ((LOCAL, NOWHERE), (NOWHERE, LOCAL)):
        assert ended(pycurl.E_COULDNT_CONNECT, errno.ENETUNREACH, tried).fault == "receiver"
    assert ended(pycurl.E_COULDNT_CONNECT, errno.ENETUNREACH, (NOWHERE, NOWHERE)).fault == "hub"


def test_a_connection_that_nobody_answers_counts() -> None:
    error = ended(pycurl.E_OPERATION_TIMEDOUT)
    assert (error.fault, error.phase, error.reason) == ("receiver", "connect", "no connection within 5 s")


def test_a_deadline_that_the_hub_itself_has_slept_through_is_its_own_fault() -> None:
    limits = [({}, 5.0), ({"is_connected": True}, 5.0), ({"was_sent": True}, 15.0)]
    for how, limit_s in limits:
        assert ended(pycurl.E_OPERATION_TIMEDOUT, took_s=limit_s + LATE_S, **how).fault == "receiver"
        late = ended(pycurl.E_OPERATION_TIMEDOUT, took_s=limit_s + LATE_S + 1, **how)
        assert (late.fault, late.was_sent) == ("hub", "was_sent" in how)
        assert (
            late.reason == f"the hub was held up: {limit_s + 3:.3g} s had gone when {limit_s:.3g} were over"
        )


def test_no_socket_of_ours_is_our_fault() -> None:
    error = ended(pycurl.E_COULDNT_CONNECT, 0, trouble=("no descriptor", "hub"))
    assert (error.fault, error.reason) == ("hub", "no descriptor")
    assert ended(pycurl.E_COULDNT_CONNECT, 0).fault == "hub"


def test_words_of_the_library_are_fit_to_be_shown() -> None:
    assert plain("SSL certificate problem: certificate has expired") == "certificate has expired"
    assert plain("a\x1b[2J\nb") == "a?[2J?b"
    assert len(plain("x" * 1000)) == 200
