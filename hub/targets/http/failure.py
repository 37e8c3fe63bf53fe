"""What libcurl's failures mean: how far the exchange came, whose fault it is, and why in words for people.

Owns libcurl's error codes and their words. Step before: `hub.targets.http.exchange` says how a transfer
ended. Step after: the error leaves the door.
"""

import errno
import os
import re
from dataclasses import dataclass

import pycurl

from hub.errors import DeliveryError, Fault, Phase, Phases
from hub.targets.http.answer import Reading
from hub.targets.machine import CUT_OFF, SHORTAGES, has_route, shortage


@dataclass(frozen=True, slots=True)
class Ending:
    """How a transfer ended, in libcurl's terms."""

    code: int
    """0: libcurl is content."""
    text: str
    """Its own words, fit to be shown."""
    was_sent: bool
    """A byte of the request may have reached the receiver."""
    is_connected: bool
    os_errno: int
    peer: str | None
    tried: tuple[str, ...]
    """The addresses that it tried to connect to."""
    trouble: tuple[str, Fault] | None
    """Why we gave it no socket."""
    wants_certificate: bool = False
    """The receiver asked for a client certificate."""
    phases_ms: Phases = ()
    took_s: float = 0.0


LATE_S = 2.0
"""What ends by its deadline so long after it was held up by the hub, whose machine stood still or had no time
for it: nobody knows what its receiver would have done.
"""
_NOT_HTTP = frozenset({pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_FTP_WEIRD_SERVER_REPLY})
_UNTRUSTED = frozenset(
    {pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_ISSUER_ERROR, pycurl.E_SSL_INVALIDCERTSTATUS}
)
_TLS = _UNTRUSTED | {pycurl.E_SSL_CONNECT_ERROR, pycurl.E_SSL_CIPHER}
_OURS = frozenset(
    {
        pycurl.E_OUT_OF_MEMORY,
        pycurl.E_FAILED_INIT,
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_COULDNT_RESOLVE_HOST,  # every name is pinned: libcurl asking for one is our bug
        pycurl.E_URL_MALFORMAT,
        pycurl.E_BAD_FUNCTION_ARGUMENT,
    }
)
_TOO_LARGE = 100
"""libcurl's CURLE_TOO_LARGE, which pycurl does not name."""
_REASONS = {
    pycurl.E_GOT_NOTHING: "the receiver closed the connection without an answer",
    pycurl.E_UNSUPPORTED_PROTOCOL: "the answer is not HTTP/1.1",
    pycurl.E_SEND_ERROR: "the receiver cut the connection while the request was sent",
    pycurl.E_RECV_ERROR: "the receiver cut the connection before its answer was complete",
    _TOO_LARGE: "a line of the answer's head is larger than allowed",
}
_ALERT = "alert"
"""In libcurl's words for a TLS alert of the other side."""
_LIBRARY_WORDS = re.compile(
    r"SSL certificate problem: |TLS connect error: |SSL: |OpenSSL SSL_read: OpenSSL/[^:]*: "
    r"|error:[0-9A-F]+:[^:]*:[^:]*:|, errno 0"
)


def failure(ending: Ending, scheme: str, connect_s: float, total_s: float, reading: Reading) -> DeliveryError:
    """Why there is no answer. `connect_s` and `total_s` are the deadlines that were set."""
    phase = _phase(ending, scheme, reading)
    reason, fault = _reason(ending, phase, connect_s, total_s, reading)
    return DeliveryError(reason, phase, fault, ending.peer, ending.was_sent, _until(phase, ending.phases_ms))


def not_begun(error: pycurl.error) -> DeliveryError:
    """Why libcurl took no request: `error` is what it said instead."""
    why = shortage() or plain(str(error.args[-1]))
    return DeliveryError(f"the hub could not send: {why}", "connect", "hub", was_sent=False)


def _until(phase: Phase, phases_ms: Phases) -> Phases:
    """All the time that was spent after a phase belongs to the one that was waited for in vain."""
    waited_for = {"dns": 0, "connect": 1, "tls": 2, "sent": 4, "head": 4}.get(phase)
    if waited_for is None or len(phases_ms) <= waited_for:
        return phases_ms
    before, rest = phases_ms[:waited_for], phases_ms[waited_for:]
    return (*before, sum(rest), *(0.0 for _ in rest[1:]))


def plain(text: str) -> str:
    """libcurl's words without its library's, bounded, and without what could break a line."""
    return "".join(
        character if character.isprintable() else "?" for character in _LIBRARY_WORDS.sub("", text)
    )[:200]


def _phase(ending: Ending, scheme: str, reading: Reading) -> Phase:
    """How far a failed exchange came."""
    if reading.head_bytes or (ending.was_sent and ending.code in _NOT_HTTP):
        return "head"
    if ending.code == pycurl.E_COULDNT_CONNECT:
        return "connect"
    if ending.code in _TLS or _misses_certificate(ending):
        return "tls"
    if ending.was_sent:
        return "sent"
    return "tls" if scheme == "https" and ending.is_connected else "connect"


def _reason(
    ending: Ending, phase: Phase, connect_s: float, total_s: float, reading: Reading
) -> tuple[str, Fault]:
    code, text = ending.code, ending.text
    if ending.trouble is not None and phase == "connect":
        return ending.trouble
    if code in _OURS:
        return f"the hub could not send: {shortage() or text}", "hub"
    if reading.stop is not None:
        return reading.stop, "receiver"
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return _too_late(ending, phase, connect_s, total_s)
    if code == pycurl.E_COULDNT_CONNECT:
        return _not_connected(ending)
    return _broken_off(ending, phase), "receiver"


def _broken_off(ending: Ending, phase: Phase) -> str:
    """The receiver ended it, in the handshake or later."""
    code, text = ending.code, ending.text
    if _misses_certificate(ending):
        return f"the receiver asks for a client certificate, which the hub does not have ({text})"
    if phase == "tls":
        what = "TLS certificate not trusted" if code in _UNTRUSTED else "TLS handshake failed"
        reason = f"{what}: {text}"
    else:
        reason = _REASONS.get(code) or text or "the answer ended before its headers did"
    if ending.wants_certificate and code not in _UNTRUSTED:
        reason += "; the receiver had asked for a client certificate, which the hub does not have"
    return reason


def _misses_certificate(ending: Ending) -> bool:
    """Whether a receiver that asked for a client certificate said no without one: in TLS 1.3 it says so only
    after the request was sent.
    """
    says_no = ending.code == pycurl.E_SSL_CONNECT_ERROR or _ALERT in ending.text
    return ending.wants_certificate and says_no


def _too_late(ending: Ending, phase: Phase, connect_s: float, total_s: float) -> tuple[str, Fault]:
    limit_s = total_s if phase in ("head", "sent") else min(connect_s, total_s)
    if ending.took_s > limit_s + LATE_S:
        return f"the hub was held up: {ending.took_s:.3g} s had gone when {limit_s:.3g} were over", "hub"
    if phase == "head":
        return f"the answer's headers were not complete within {limit_s:.3g} s", "receiver"
    if phase == "sent":
        return f"no answer within {limit_s:.3g} s", "receiver"
    what = "no TLS connection" if phase == "tls" else "no connection"
    return f"{what} within {limit_s:.3g} s", "receiver"


def _not_connected(ending: Ending) -> tuple[str, Fault]:
    """libcurl tells the error of one address, whichever it tried.

    Without an error number it never got as far as connecting: no descriptor for its half of the socket, or no
    such family here.
    """
    number = ending.os_errno
    if number == 0 or number in SHORTAGES:
        lack = os.strerror(number) if number else shortage() or "no socket to be had"
        return f"the hub could not open a connection: {lack}", "hub"
    if number in CUT_OFF and _is_cut_off(ending.tried):
        return f"the hub's own network does not lead there: {os.strerror(number).lower()}", "hub"
    if number == errno.ECONNREFUSED:
        return "connection refused", "receiver"
    return f"no connection: {os.strerror(number).lower()}", "receiver"


def _is_cut_off(tried: tuple[str, ...]) -> bool:
    """Whether it is our machine's network that leads to none of these addresses.

    Where there is a way to some of them only (an IPv6 address on a machine without IPv6), the others failed
    by themselves.
    """
    routes = {has_route(address) for address in tried}
    return len(routes) < 2
