"""HTTP: requests' transport over libcurl, for `http` and `https`.

Owns the order of a single exchange: judge the URL, find a handle, resolve and judge the name, send, all under
one deadline; `hub.targets.http.loop` has the same order for many at once. Nothing of the environment
(proxies, netrc, CA variables) has a say, and hooks share no state. Step before: `hub.targets.outbound`. Step
after: `hub.targets.http.exchange`.
"""

import time
from collections.abc import Callable
from typing import Any, ClassVar

import requests
from requests.adapters import BaseAdapter

from hub.errors import DeliveryError
from hub.rules.targets import Target
from hub.targets.addresses import Addresses
from hub.targets.http.exchange import Handle
from hub.targets.http.helper import Helper
from hub.targets.http.loop import Loop
from hub.targets.http.pool import HandlePool
from hub.targets.http.selector import Selector
from hub.targets.http.sending import checked
from hub.targets.http.sites import Site, place_of
from hub.targets.machine import shortage
from hub.targets.transport import Receipt, Request


class HttpTransport:
    """Shared by all threads of a process."""

    def __init__(
        self, addresses: Addresses, make: Callable[[], Handle], pool: HandlePool | None = None
    ) -> None:
        self._addresses = addresses
        self._make = make
        self._pool = pool or HandlePool(make)
        self._loops: list[Loop] = []
        self._adapter = CurlAdapter(addresses, self._pool, self.give_back)

    def send(self, request: Request) -> Receipt:
        """Raises DeliveryError. By the adapter alone: what a session adds (redirects, cookies, the
        environment) is all that must not happen, and costs as much as the exchange.
        """
        timeouts = (request.connect_timeout_s, request.total_timeout_s)
        return self._adapter.send(_prepared(request), timeout=timeouts, verify=request.verify_ssl).receipt

    def loop(
        self,
        name: str,
        prepare_thread: Callable[[], None],
        helper: Callable[[Selector], Helper] | None = None,
    ) -> Loop:
        """One more thread that has many requests under way at once, with a helper of its own or without."""
        made = Loop(name, self._addresses, self._make, prepare_thread, self.give_back, helper)
        self._loops.append(made)
        return made

    def give_back(self) -> None:
        """Close idle connections, whoever keeps them: our machine is short of what they hold."""
        self._pool.give_back()
        for loop in self._loops:
            loop.give_back()

    def close(self) -> None:
        for loop in self._loops:
            loop.close()
        self._adapter.close()


class CurlAdapter(BaseAdapter):
    """requests' transport over libcurl. `timeout` is (connect, total) in seconds: the second covers the whole
    exchange, not each read.
    """

    def __init__(self, addresses: Addresses, pool: HandlePool, give_back: Callable[[], None]) -> None:
        super().__init__()
        self._addresses = addresses
        self._pool = pool
        self._give_back = give_back

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
        method, url, headers, body = request.method, request.url, request.headers, request.body
        sending = checked(self._addresses, method, url, headers, body, timeout, bool(verify), began)
        try:
            handle, site = self._ready(sending.target, min(timeout))
            try:
                return Carrier(handle.exchange(sending, site), request)
            finally:
                self._pool.give(handle)
        except DeliveryError as error:
            if error.fault == "hub" and shortage() is not None:
                self._give_back()
            raise

    def close(self) -> None:
        """Part of requests' adapter contract."""
        self._pool.close()

    def _ready(self, target: Target, timeout_s: float) -> tuple[Handle, Site]:
        """A handle, and what it knows of a receiver whose addresses have been judged: the handle that last
        spoke to it, else any.
        """
        place = place_of(target)
        handle = self._pool.take(place)
        if handle is not None and (site := handle.sites.fresh(place, time.monotonic())) is not None:
            return handle, site
        try:
            addresses = self._addresses.of(target, timeout_s)
            handle = handle or self._pool.take_any()
        except BaseException:
            if handle is not None:
                self._pool.give(handle)
            raise
        return handle, handle.sites.pin(place, addresses, time.monotonic())


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
