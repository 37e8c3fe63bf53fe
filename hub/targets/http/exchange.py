"""One HTTP exchange over one libcurl handle: the request as given, then whatever `hub.targets.http.answer`
makes of the answer.

Owns every libcurl option. libcurl must never resolve a name, follow a redirect, read the environment, keep a
cookie or decode a body here. A socket that it opens goes to an address that it was given and that passes the
policy, or nowhere. `begin` and `end` serve whoever drives the transfer. Step before:
`hub.targets.http.transport` picks a handle and judged addresses. Step after: a `Receipt`, or the
`DeliveryError` of `hub.targets.http.failure`.
"""

import os
import socket
import time
from collections.abc import Sequence
from typing import Any

import pycurl

from hub.errors import Fault, Phases
from hub.rules.addresses import Network, TargetRefused, canonical, check_address
from hub.targets.http.answer import Reading
from hub.targets.http.failure import Ending, failure, plain
from hub.targets.http.sending import Sending
from hub.targets.http.sites import IDLE_S, Site, Sites
from hub.targets.machine import SHORTAGES
from hub.targets.transport import Receipt

CONNECTIONS_PER_HANDLE = 4
BODY_KEPT_BYTES = 16_384
"""A larger body must not stay in memory with an idle handle."""

_MARKS = (
    pycurl.CONNECT_TIME_T,
    pycurl.APPCONNECT_TIME_T,
    pycurl.PRETRANSFER_TIME_T,
    pycurl.POSTTRANSFER_TIME_T,
    pycurl.STARTTRANSFER_TIME_T,
    pycurl.TOTAL_TIME_T,
)
"""Microseconds from the start of the transfer to the end of each phase; 0 for one that was not reached. Names
are pinned, so libcurl's own lookup takes nothing.
"""


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
    """A libcurl easy handle. Used by one thread at a time. By itself it keeps a few connections; while a loop
    drives it, the loop's are used.
    """

    def __init__(self, ca_file: str, allow: Sequence[Network]) -> None:
        self.idle_since = 0.0
        self._allow = tuple(allow)
        self.sites = Sites(CONNECTIONS_PER_HANDLE)
        self._sending: Sending | None = None
        self._site = Site(("", 0))
        self._reading = Reading()
        # What libcurl was told last: the same again need not be.
        self._url = self._method = ""
        self._limits_ms = (0, 0)
        self._is_listening = False
        self._wants_certificate = False
        self._tried: list[str] = []
        self._trouble: tuple[str, Fault] | None = None
        self._set_at = 0.0
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
            (pycurl.CAINFO, os.fsencode(ca_file)),
            (pycurl.MAXCONNECTS, CONNECTIONS_PER_HANDLE),
            (pycurl.MAXAGE_CONN, IDLE_S),
            (pycurl.TCP_KEEPALIVE, 1),
            (pycurl.USERAGENT, ""),  # pycurl's own names every library and its version
            (pycurl.OPENSOCKETFUNCTION, self._open_socket),
            (pycurl.DEBUGFUNCTION, self._overhear),
            (pycurl.HEADERFUNCTION, self._reading.read_header),
            (pycurl.WRITEFUNCTION, self._reading.read_body),
        ):
            curl.setopt(option, value)
        curl.unsetopt(pycurl.CAPATH)

    @property
    def curl(self) -> pycurl.Curl:
        """The handle itself, for whoever drives the transfer between `begin` and `end`."""
        return self._curl

    def sign(self, region: str, service: str, key: str, secret: str) -> None:
        """From now on, sign what is sent (AWS Signature Version 4). libcurl does that only where it may
        normalise the path.
        """
        self._curl.setopt(pycurl.PATH_AS_IS, 0)
        self._curl.setopt(pycurl.AWS_SIGV4, f"aws:amz:{region}:{service}")
        self._curl.setopt(pycurl.USERNAME, key)
        self._curl.setopt(pycurl.PASSWORD, secret)

    def trust(self, certificates: str) -> None:
        """These, in PEM, instead of the usual ones."""
        self._curl.unsetopt(pycurl.CAINFO)
        self._curl.setopt(pycurl.CAINFO_BLOB, certificates)

    def exchange(self, sending: Sending, site: Site) -> Receipt:
        """Send one request to a receiver among `sites` and wait for its answer. Raises DeliveryError.

        libcurl replaces a kept connection that the receiver had closed by a fresh one to the pinned
        addresses, within this call.
        """
        self.begin(sending, site)
        try:
            self._curl.perform()
        except pycurl.error as error:
            return self.end(error.args[0], str(error.args[1]))
        return self.end(0, "")

    def begin(self, sending: Sending, site: Site) -> None:
        """Set the handle up for one transfer."""
        self._sending, self._site = sending, site
        if self._tried:
            self._tried = []
        self._trouble, self._wants_certificate = None, False
        self._reading.begin()
        self.sites.begin(site)
        self._set(sending, site)

    def end(self, code: int, text: str) -> Receipt:
        """What a transfer that has ended brought: `code` and `text` are libcurl's, 0 where all went well.
        Raises DeliveryError when it brought no answer.
        """
        sending, reading, site = self._sending, self._reading, self._site
        assert sending is not None
        self._sending = None
        site.under_way -= 1
        site.has_answered = reading.is_head_done
        if len(sending.body) > BODY_KEPT_BYTES:
            self._curl.setopt(pycurl.POSTFIELDS, b"")
        if not reading.is_head_done:
            site.is_told = False  # where it ended, libcurl may not yet have listened
            ending = self._ending(code, text, sending)
            raise failure(ending, sending.target.scheme, sending.connect_s, sending.total_s, reading)
        note = None
        if code == pycurl.E_OPERATION_TIMEDOUT:
            note = f"body incomplete: not finished within {sending.total_s:.3g} s"
        elif code:
            note = f"body incomplete: {reading.stop or plain(text)}"
        duration_s = time.monotonic() - sending.began
        return Receipt(
            reading.answer(),
            "body" if reading.body_bytes else "head",
            self._peer(),
            duration_s,
            note,
            self._phases_ms(sending),
        )

    def cancel(self) -> None:
        """Forget a transfer that did not begin, or was broken off."""
        self._sending = None
        self._site.under_way -= 1

    def _phases_ms(self, sending: Sending) -> Phases:
        """How long the transfer that has ended spent in each phase; one that it did not reach has 0."""
        lookup_ms = (self._set_at - sending.began) * 1000
        phases, before = [lookup_ms], 0
        for mark in map(self._curl.getinfo, _MARKS):
            if mark > before:
                phases.append((mark - before) / 1000)
                before = mark
            else:
                phases.append(0.0)
        lookup, connect, tls, made_ready, sent, waited, body = phases
        return lookup, connect, tls, made_ready + sent, waited, body

    def close(self) -> None:
        """Close the handle and its connections."""
        self._curl.close()

    def _set(self, sending: Sending, site: Site) -> None:
        curl, target = self._curl, sending.target
        if sending.url != self._url:
            curl.setopt(pycurl.URL, _url(sending))
            # Verbatim: libcurl would rewrite %2f as %2F, and some receivers sign their URLs.
            curl.setopt(pycurl.REQUEST_TARGET, target.path)
            self._url = sending.url
        if sending.method != self._method:
            curl.setopt(pycurl.CUSTOMREQUEST, sending.method)
            self._method = sending.method
        curl.setopt(pycurl.POSTFIELDS, sending.body)
        curl.setopt(pycurl.HTTPHEADER, sending.lines)

        self._set_at = time.monotonic()
        spent_s = self._set_at - sending.began
        # 0 would mean "for ever".
        limits_ms = (
            max(1, int((sending.total_s - spent_s) * 1000)),
            max(1, int((sending.connect_s - spent_s) * 1000)),
        )
        if limits_ms != self._limits_ms:
            curl.setopt(pycurl.TIMEOUT_MS, limits_ms[0])
            curl.setopt(pycurl.CONNECTTIMEOUT_MS, limits_ms[1])
            self._limits_ms = limits_ms

        if target.scheme == "https":
            curl.setopt(pycurl.SSL_VERIFYPEER, int(sending.verify))
            curl.setopt(pycurl.SSL_VERIFYHOST, 2 if sending.verify else 0)
        # A handshake is listened to; a connection that has served already is not worth a callback for each of
        # its bytes.
        is_listening = target.scheme == "https" and not site.has_answered
        if is_listening != self._is_listening:
            curl.setopt(pycurl.VERBOSE, int(is_listening))
            self._is_listening = is_listening
        if target.address is None and (told := self.sites.lines(site)) is not None:
            curl.setopt(pycurl.RESOLVE, told)

    def _open_socket(self, purpose: int, address: tuple[int, int, int, tuple[Any, ...]]) -> Any:
        """The last guard: the policy is asked once more, for the very address that is about to be connected
        to.

        It runs inside libcurl, where an exception would only be printed: it notes what is wrong and gives no
        socket.
        """
        family, kind, protocol, place = address
        try:
            host = str(place[0])
            self._tried.append(host)
            check_address(host, self._allow)
            if purpose != pycurl.SOCKTYPE_IPCXN or canonical(host) not in self._site.addresses:
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

    def _overhear(self, kind: int, data: bytes) -> None:
        """libcurl's own account of a handshake is all that tells whether the receiver asked for a
        certificate.
        """
        if kind == pycurl.INFOTYPE_TEXT and b"Request CERT" in data:
            self._wants_certificate = True

    def _ending(self, code: int, text: str, sending: Sending) -> Ending:
        curl = self._curl
        return Ending(
            code,
            plain(text),
            # Also true when only a stale connection swallowed the request and the fresh one failed: it may
            # have arrived.
            was_sent=curl.getinfo(pycurl.REQUEST_SIZE) > 0,
            is_connected=curl.getinfo(pycurl.CONNECT_TIME) > 0,
            os_errno=int(curl.getinfo(pycurl.OS_ERRNO)),
            peer=self._peer(),
            tried=tuple(self._tried),
            trouble=self._trouble,
            wants_certificate=self._wants_certificate,
            phases_ms=self._phases_ms(sending),
            took_s=time.monotonic() - sending.began,
        )

    def _peer(self) -> str | None:
        return self._curl.getinfo(pycurl.PRIMARY_IP) or (self._tried[-1] if self._tried else None)


def _url(sending: Sending) -> str:
    """What libcurl connects to; an IPv4 address in IPv6 dress is connected to as what it is."""
    target = sending.target
    if target.address is None or ":" in target.address or ":" not in target.host:
        return sending.url
    return f"{target.scheme}://{target.address}:{target.port}/"
