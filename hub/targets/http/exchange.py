"""One HTTP exchange over one libcurl handle: the request as given, then whatever `hub.targets.http.answer`
makes of the answer.

Owns every libcurl option and what libcurl's failures mean. It must never resolve a name, follow a redirect,
read the environment, keep a cookie or decode a body; and a socket it opens goes to an address it was given
and that passes the policy, or nowhere. Step before: `hub.targets.outbound` picks a handle and judged
addresses. Step after: a `Response`, or a `DeliveryError`.
"""

import errno
import ipaddress
import os
import re
import socket
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pycurl

from hub.errors import DeliveryError, Fault, Phase
from hub.rules.targets import Network, Target, TargetRefused, check_address
from hub.targets.http.answer import Answer, Response
from hub.targets.http.resolver import SHORTAGES, shortage

IDLE_S = 30
"""How long a connection may wait for its next request, and how long its judged addresses serve for a fresh
one.
"""
CONNECTIONS_PER_HANDLE = 4

Origin = tuple[str, str, int, bool]
"""Scheme, host, port and whether certificates are verified: what two requests must have in common to share a
connection.
"""


@dataclass(frozen=True, slots=True)
class Sending:
    """One request in libcurl's terms. Both deadlines began `spent_s` ago."""

    target: Target
    origin: Origin
    method: str
    url: str
    lines: Sequence[bytes]
    body: bytes
    connect_s: float
    total_s: float
    spent_s: float


@dataclass(frozen=True, slots=True)
class _Pins:
    """The judged addresses that new connections to an origin may use, and since when."""

    addresses: tuple[str, ...]
    at: float


class _Descriptor:
    """A socket on its way into pycurl, which duplicates it and drops the object: the first half must close at
    once, not complain.
    """

    def __init__(self, opened: socket.socket) -> None:
        self._number = opened.detach()

    def fileno(self) -> int:
        return self._number

    def __del__(self) -> None:
        os.close(self._number)


class Handle:
    """A libcurl easy handle and its few keep-alive connections. Used by one thread at a time."""

    def __init__(self, ca_file: str, allow: Sequence[Network]) -> None:
        self.idle_since = 0.0
        self._allow = tuple(allow)
        self._pins: OrderedDict[Origin, _Pins] = OrderedDict()
        self._unpinned: list[str] = []
        self._guarded: frozenset[str] = frozenset()
        self._tried: str | None = None
        self._trouble: tuple[str, Fault] | None = None
        self._curl = curl = pycurl.Curl()
        for option, value in (
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.NOSIGNAL, 1),
            (pycurl.NOPROGRESS, 1),
            (pycurl.FOLLOWLOCATION, 0),
            # An empty string, unlike none, also keeps libcurl from reading http_proxy and its kind.
            (pycurl.PROXY, ""),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.HTTP09_ALLOWED, 0),
            (pycurl.CAINFO, ca_file),
            (pycurl.MAXCONNECTS, CONNECTIONS_PER_HANDLE),
            (pycurl.MAXAGE_CONN, IDLE_S),
            (pycurl.TCP_KEEPALIVE, 1),
            (pycurl.USERAGENT, ""),  # pycurl's own names every library and its version
            (pycurl.OPENSOCKETFUNCTION, self._open_socket),
        ):
            curl.setopt(option, value)
        curl.unsetopt(pycurl.CAPATH)

    @property
    def origins(self) -> list[Origin]:
        """Where this handle may still have a connection to, the most recent last."""
        return list(self._pins)

    def has_pins(self, origin: Origin, now: float) -> bool:
        """Whether a request to `origin` needs no new resolution."""
        pins = self._pins.get(origin)
        return pins is not None and now - pins.at <= IDLE_S

    def pin(self, origin: Origin, addresses: Sequence[str], now: float) -> None:
        """Let new connections to `origin` go to these addresses, which have been judged, and to no others."""
        self._pins[origin] = _Pins(tuple(addresses), now)
        self._pins.move_to_end(origin)
        while len(self._pins) > CONNECTIONS_PER_HANDLE:
            (_, host, port, _), _ = self._pins.popitem(last=False)
            self._unpinned.append(f"-{host}:{port}")

    def exchange(self, sending: Sending) -> Response:
        """Send one request. Raises DeliveryError.

        libcurl replaces a kept connection that the receiver had closed by a fresh one to the pinned
        addresses, within this call.
        """
        started = time.monotonic()
        self._tried = self._trouble = None
        answer = Answer()
        self._set(sending, answer)
        code, text = 0, ""
        try:
            self._curl.perform()
        except pycurl.error as error:
            code, text = error.args[0], _plain(str(error.args[1]))
        if not answer.is_head_done:
            raise self._failure(code, text, sending, answer)
        note = None
        if code == pycurl.E_OPERATION_TIMEDOUT:
            note = f"body incomplete: not finished within {sending.total_s:.3g} s"
        elif code:
            note = f"body incomplete: {answer.stop or text}"
        phase: Phase = "body" if answer.body_bytes else "head"
        return Response(
            answer.status,
            answer.headers,
            bytes(answer.body),
            phase,
            self._peer(),
            time.monotonic() - started,
            note,
        )

    def close(self) -> None:
        """Close the handle and its connections."""
        self._curl.close()

    def _set(self, sending: Sending, answer: Answer) -> None:
        curl, target = self._curl, sending.target
        self._pins.move_to_end(sending.origin)
        addresses = self._pins[sending.origin].addresses
        self._guarded = frozenset(addresses)
        curl.setopt(pycurl.URL, sending.url)
        curl.setopt(
            pycurl.REQUEST_TARGET, target.path
        )  # verbatim: libcurl would rewrite %2f as %2F, and some receivers sign their URLs
        curl.setopt(pycurl.POSTFIELDS, sending.body)
        curl.setopt(pycurl.CUSTOMREQUEST, sending.method)
        curl.setopt(pycurl.HTTPHEADER, sending.lines)
        curl.setopt(pycurl.HEADERFUNCTION, answer.read_header)
        curl.setopt(pycurl.WRITEFUNCTION, answer.read_body)
        # 0 would mean "for ever".
        curl.setopt(pycurl.TIMEOUT_MS, max(1, int((sending.total_s - sending.spent_s) * 1000)))
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, int((sending.connect_s - sending.spent_s) * 1000)))
        if target.scheme == "https":
            verify = sending.origin[3]
            curl.setopt(pycurl.SSL_VERIFYPEER, int(verify))
            curl.setopt(pycurl.SSL_VERIFYHOST, 2 if verify else 0)
        if target.address is None:
            pins = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
            curl.setopt(pycurl.RESOLVE, [*self._unpinned, f"{target.host}:{target.port}:{pins}"])
            self._unpinned.clear()

    def _open_socket(self, purpose: int, address: tuple[int, int, int, tuple[Any, ...]]) -> Any:
        """The last guard: the policy is asked once more, for the very address that is about to be connected
        to.

        It runs inside libcurl, where an exception would only be printed: it notes what is wrong and gives no
        socket.
        """
        family, kind, protocol, place = address
        try:
            self._tried = host = str(place[0])
            check_address(host, self._allow)
            if purpose != pycurl.SOCKTYPE_IPCXN or str(ipaddress.ip_address(host)) not in self._guarded:
                raise TargetRefused("The connection would go to an address that was not judged.")
            return _Descriptor(socket.socket(family, kind, protocol))
        except TargetRefused as error:
            self._trouble = (str(error), "refused")
        except OSError as error:
            # Without IPv6 a machine says EAFNOSUPPORT: then the other family may still do.
            if error.errno in SHORTAGES:
                self._trouble = (f"the hub could not open a connection: {error.strerror}", "hub")
        except Exception as error:
            self._trouble = (f"the hub could not open a connection ({type(error).__name__})", "hub")
        return pycurl.SOCKET_BAD

    def _peer(self) -> str | None:
        return self._curl.getinfo(pycurl.PRIMARY_IP) or self._tried

    def _failure(self, code: int, text: str, sending: Sending, answer: Answer) -> DeliveryError:
        # Also true when only a stale connection swallowed the request and the fresh one failed: it may have
        # arrived.
        was_sent = self._curl.getinfo(pycurl.REQUEST_SIZE) > 0
        phase = self._phase(code, was_sent, sending, answer)
        fault: Fault = "receiver"
        if self._trouble is not None and phase == "connect":
            reason, fault = self._trouble
        elif code in _OURS:
            reason, fault = f"the hub could not send: {shortage() or text}", "hub"
        elif answer.stop is not None:
            reason = answer.stop
        elif code == pycurl.E_OPERATION_TIMEDOUT:
            reason = _too_late(phase, sending)
        elif code == pycurl.E_COULDNT_CONNECT:
            reason, fault = _not_connected(int(self._curl.getinfo(pycurl.OS_ERRNO)))
        elif phase == "tls":
            reason = (
                f"TLS certificate not trusted: {text}"
                if code in _UNTRUSTED
                else f"TLS handshake failed: {text}"
            )
        else:
            reason = _REASONS.get(code) or text or "the answer ended before its headers did"
        return DeliveryError(reason, phase, fault, self._peer(), was_sent)

    def _phase(self, code: int, was_sent: bool, sending: Sending, answer: Answer) -> Phase:
        """How far a failed exchange came."""
        if answer.head_bytes or (was_sent and code in _NOT_HTTP):
            return "head"
        if code == pycurl.E_COULDNT_CONNECT:
            return "connect"
        if code in _TLS:
            return "tls"
        if was_sent:
            return "sent"
        return (
            "tls"
            if sending.target.scheme == "https" and self._curl.getinfo(pycurl.CONNECT_TIME) > 0
            else "connect"
        )


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
_REASONS = {
    pycurl.E_GOT_NOTHING: "the receiver closed the connection without an answer",
    pycurl.E_UNSUPPORTED_PROTOCOL: "the answer is not HTTP/1.1",
    pycurl.E_SEND_ERROR: "the receiver cut the connection while the request was sent",
    pycurl.E_RECV_ERROR: "the receiver cut the connection before its answer was complete",
}
_LIBRARY_WORDS = re.compile(
    r"SSL certificate problem: |TLS connect error: |SSL: |error:[0-9A-F]+:[^:]*:[^:]*:"
)


def _too_late(phase: Phase, sending: Sending) -> str:
    if phase == "head":
        return f"the answer's headers were not complete within {sending.total_s:.3g} s"
    if phase == "sent":
        return f"no answer within {sending.total_s:.3g} s"
    what = "no TLS connection" if phase == "tls" else "no connection"
    return f"{what} within {min(sending.connect_s, sending.total_s):.3g} s"


def _not_connected(number: int) -> tuple[str, Fault]:
    """Without an error number libcurl never got as far as connecting: no descriptor for its half of the
    socket, or no such family here.
    """
    if number == 0 or number in SHORTAGES:
        return (
            f"the hub could not open a connection: {os.strerror(number) if number else shortage() or 'no socket to be had'}",
            "hub",
        )
    if number == errno.ECONNREFUSED:
        return "connection refused", "receiver"
    return f"no connection: {os.strerror(number).lower()}", "receiver"


def _plain(text: str) -> str:
    """libcurl's words without its library's, bounded, and without what could break a line."""
    return "".join(
        character if character.isprintable() else "?" for character in _LIBRARY_WORDS.sub("", text)
    )[:200]
