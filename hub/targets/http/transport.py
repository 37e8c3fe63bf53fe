"""HTTP: requests' transport over libcurl, for `http` and `https`.

Owns the order of an exchange: judge the URL, find a handle, resolve and judge the name, send, all under one
deadline. Nothing of the environment (proxies, netrc, CA variables) has a say, and hooks share no state. Step
before: `hub.targets.outbound`. Step after: `hub.targets.http.exchange`.
"""

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

import requests
from requests.adapters import BaseAdapter

from hub.errors import DeliveryError
from hub.rules.headers import frames_message, is_token, value_fault
from hub.rules.targets import Target
from hub.targets.addresses import Addresses
from hub.targets.http.exchange import ConnectionKey, Handle, Sending
from hub.targets.http.pool import HandlePool
from hub.targets.machine import shortage
from hub.targets.transport import Receipt, Request


class HttpTransport:
    """Shared by all sender threads of a process."""

    def __init__(self, addresses: Addresses, pool: HandlePool) -> None:
        self._adapter = CurlAdapter(addresses, pool)

    def send(self, request: Request) -> Receipt:
        """Raises DeliveryError. By the adapter alone: what a session adds (redirects, cookies, the
        environment) is all that must not happen, and costs as much as the exchange.
        """
        timeouts = (request.connect_timeout_s, request.total_timeout_s)
        return self._adapter.send(_prepared(request), timeout=timeouts, verify=request.verify_ssl).receipt

    def close(self) -> None:
        self._adapter.close()


class CurlAdapter(BaseAdapter):
    """requests' transport over libcurl. `timeout` is (connect, total) in seconds: the second covers the whole
    exchange, not each read.
    """

    def __init__(self, addresses: Addresses, pool: HandlePool) -> None:
        super().__init__()
        self._addresses = addresses
        self._pool = pool

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> "Carrier":
        """Raises DeliveryError. `stream`, `cert` and `proxies` are there for requests and mean nothing
        here.
        """
        began = time.monotonic()
        connect_s, total_s = timeout
        method, url, body = request.method, request.url, request.body
        if (
            method is None
            or url is None
            or not isinstance(body, bytes)
            or not (connect_s > 0 and total_s > 0)
        ):
            raise DeliveryError("the hub built a request that cannot be sent", "none", "hub")

        lines = header_lines(request.headers)
        target = self._addresses.target(url)
        key = (target.scheme, target.host, target.port, bool(verify))
        sending = Sending(target, key, method, url, lines, body, connect_s, total_s, began)

        try:
            handle = self._ready_handle(target, key, min(connect_s, total_s))
            try:
                return Carrier(handle.exchange(sending), request)
            finally:
                self._pool.give(handle)
        except DeliveryError as error:
            if error.fault == "hub" and shortage() is not None:
                self._pool.give_back()
            raise

    def close(self) -> None:
        """Part of requests' adapter contract."""
        self._pool.close()

    def _ready_handle(self, target: Target, key: ConnectionKey, timeout_s: float) -> Handle:
        """A handle whose addresses for this key have been judged: the one that last spoke to it, else any."""
        handle = self._pool.take(key)
        if handle is not None and handle.has_pins(key, time.monotonic()):
            return handle
        try:
            addresses = self._addresses.of(target, timeout_s)
            handle = handle or self._pool.take_any()
        except BaseException:
            if handle is not None:
                self._pool.give(handle)
            raise
        handle.pin(key, addresses, time.monotonic())
        return handle


def header_lines(headers: Mapping[str, str]) -> list[bytes]:
    """Header lines for libcurl, which drops a name with an empty value unless it ends in `;`. Raises
    DeliveryError.
    """
    if any(map(_name_fault, headers)) or value_fault("".join(headers.values())):  # all at once: there is none
        raise DeliveryError(_header_fault(headers), "none", "hub")
    lines = [b"Expect:", b"Accept:"]
    for name, value in headers.items():
        lines.append((f"{name}: {value}" if value.strip() else f"{name};").encode("latin-1"))
    if not any(map(_is_content_type, headers)):
        lines.append(b"Content-Type:")
    return lines


class Carrier(requests.Response):
    """Carries our receipt in requests' terms, with nothing in it to follow, to read or to keep."""

    is_redirect = False
    history: ClassVar[list[requests.Response]] = []  # type: ignore[misc]
    raw = None

    def __init__(self, receipt: Receipt, request: requests.PreparedRequest) -> None:
        # Not the parent's: it would build a cookie jar for each answer.
        self.receipt = receipt
        self.request = request
        self.status_code = receipt.answer.status or 0
        self._content = receipt.answer.body
        self._content_consumed = True


def _prepared(request: Request) -> requests.PreparedRequest:
    """Filled by hand: `prepare()` would rewrite the URL, merge cookies and cost four times the whole
    exchange.
    """
    prepared = requests.PreparedRequest()
    prepared.method = request.parcel.method
    prepared.url = request.url
    prepared.headers = request.parcel.headers  # type: ignore[assignment]  # any mapping will do for our own adapter
    prepared.body = request.parcel.body
    return prepared


def _header_fault(headers: Mapping[str, str]) -> str:
    """What is wrong with the first header that cannot be sent; there is one."""
    faults = ((name, _name_fault(name) or value_fault(value)) for name, value in headers.items())
    return next(f"the header {name!r} cannot be sent: {fault}" for name, fault in faults if fault)


@lru_cache(maxsize=1024)
def _is_content_type(name: str) -> bool:
    return name.lower() == "content-type"


@lru_cache(maxsize=1024)
def _name_fault(name: str) -> str | None:
    if not is_token(name):
        return "This is not a header name."
    return "This header is set by HTTP itself." if frames_message(name) else None
