"""The one door to the network: everything the hub sends goes through `Outbound.send`.

Owns the order of an attempt: judge the URL, find a handle, resolve and judge the name, send, all under one
deadline. It must never trust the environment (proxies, netrc, CA variables), share state between hooks, or
raise anything but `DeliveryError`. Step before: `hub.engine.delivery` has built and signed the request. Step
after: `hub.engine.delivery` classifies the answer.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import certifi
import requests
from requests.adapters import BaseAdapter

from hub.errors import DeliveryError
from hub.rules.headers import frames_message, is_token, value_fault
from hub.rules.targets import Network, Target, TargetRefused, check_answers, own_answers, parse_url
from hub.targets.http.answer import Response as Response
from hub.targets.http.exchange import IDLE_S, Handle, Origin, Sending
from hub.targets.http.resolver import Resolver, system_lookup

log = logging.getLogger(__name__)

MAX_IDLE_HANDLES = 256
SWEEP_S = 5.0


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. Both deadlines begin with the name lookup; the total one ends everything."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    verify_ssl: bool = True
    total_timeout_s: float = 15
    connect_timeout_s: float = 5
    method: str = "POST"


class Outbound:
    """Shared by all sender threads of a process; make it after a fork, never before."""

    def __init__(
        self,
        *,
        allow: Sequence[Network] = (),
        ca_file: str | None = None,
        resolve: Callable[[str, int], list[str]] | None = None,
        origin: str = "localhost",
    ) -> None:
        """`origin`: the host name under which this hub presents itself to receivers that ask for consent."""
        self.origin = origin
        self._adapter = CurlAdapter(
            tuple(allow), ca_file or certifi.where(), Resolver(resolve or system_lookup)
        )
        self._session = session = requests.Session()
        session.trust_env = False
        session.adapters.clear()
        session.mount("", self._adapter)  # whatever the URL is, the adapter judges it

    def send(self, request: Request) -> Response:
        """One request and its answer. Raises DeliveryError and nothing else, whatever the receiver or the
        arguments are.
        """
        try:
            answer = self._session.send(
                _prepared(request),
                allow_redirects=False,
                proxies={},
                stream=True,
                verify=request.verify_ssl,
                timeout=(request.connect_timeout_s, request.total_timeout_s),
            )
            assert isinstance(answer, _Answer)
            return answer.exchanged
        except DeliveryError:
            raise
        except Exception as error:
            log.exception("sending failed by a fault of the hub")
            raise DeliveryError(
                f"the hub failed to send this request ({type(error).__name__})", "none", "hub"
            ) from error

    def close(self) -> None:
        """Close all idle connections; those in use close when their request ends."""
        self._session.close()


class CurlAdapter(BaseAdapter):
    """requests' transport over libcurl. `timeout` is (connect, total) in seconds: the second covers the whole
    exchange, not each read.
    """

    def __init__(self, allow: tuple[Network, ...], ca_file: str, resolver: Resolver) -> None:
        super().__init__()
        self._allow = allow
        self._resolver = resolver
        self._pool = _Pool(lambda: Handle(ca_file, allow))
        # The text policy is pure and a hook's URL returns a million times.
        self._target = lru_cache(maxsize=4096)(lambda url: parse_url(url, allow))

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Raises DeliveryError. `stream`, `cert` and `proxies` are there for requests and mean nothing
        here.
        """
        started = time.monotonic()
        connect_s, total_s = timeout
        method, url, body = request.method, request.url, request.body
        if (
            method is None
            or url is None
            or not isinstance(body, bytes)
            or not (connect_s > 0 and total_s > 0)
        ):
            raise DeliveryError("the hub built a request that cannot be sent", "none", "hub")
        lines = _header_lines(request.headers)
        try:
            target = self._target(url)
        except TargetRefused as error:
            raise DeliveryError(str(error), "none", "refused") from None
        origin = (target.scheme, target.host, target.port, bool(verify))
        handle = self._ready_handle(target, origin, min(connect_s, total_s))
        try:
            spent_s = time.monotonic() - started
            exchanged = handle.exchange(
                Sending(target, origin, method, url, lines, body, connect_s, total_s, spent_s)
            )
        finally:
            self._pool.give(handle)
        exchanged.duration_s = time.monotonic() - started
        return _Answer(exchanged, request)

    def close(self) -> None:
        """Part of requests' adapter contract."""
        self._pool.close()
        self._resolver.close()

    def _ready_handle(self, target: Target, origin: Origin, timeout_s: float) -> Handle:
        """A handle whose addresses for this origin have been judged: the one that last spoke to it, else
        any.
        """
        handle = self._pool.take(origin)
        if handle is not None and handle.has_pins(origin, time.monotonic()):
            return handle
        try:
            addresses = self._judged_addresses(target, timeout_s)
            handle = handle or self._pool.take_any()
        except BaseException:
            if handle is not None:
                self._pool.give(handle)
            raise
        handle.pin(origin, addresses, time.monotonic())
        return handle

    def _judged_addresses(self, target: Target, timeout_s: float) -> Sequence[str]:
        if target.address is not None:  # judged with the URL
            return [target.address]
        addresses = own_answers(
            target.host, self._resolver.resolve(target.host, target.port, timeout_s), self._allow
        )
        try:
            check_answers(addresses, self._allow)
        except TargetRefused as error:
            raise DeliveryError(str(error), "dns", "refused") from None
        return addresses


class _Answer(requests.Response):
    """Carries our response through requests, which must find nothing in it to follow, to read or to keep."""

    is_redirect = False
    history: ClassVar[list[requests.Response]] = []  # type: ignore[misc]
    raw = None

    def __init__(self, exchanged: Response, request: requests.PreparedRequest) -> None:
        # Not the parent's: it would build a cookie jar for each answer.
        self.exchanged = exchanged
        self.request = request
        self.status_code = exchanged.status
        self._content = exchanged.body
        self._content_consumed = True


class _Pool:
    """Idle handles. A handle holds a parsed CA store (4 ms) and warm connections, so the one that knows the
    origin goes first, then the one that has rested longest, and a new one is made last.
    """

    def __init__(self, make: Callable[[], Handle]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._idle: OrderedDict[Handle, None] = OrderedDict()
        self._by_origin: dict[Origin, OrderedDict[Handle, None]] = {}
        self._is_closed = False
        self._sweeper: threading.Timer | None = None

    def take(self, origin: Origin) -> Handle | None:
        """The idle handle that last spoke to this origin."""
        with self._lock:
            known = self._by_origin.get(origin)
            if not known:
                return None
            handle = next(reversed(known))
            self._forget(handle)
            return handle

    def take_any(self) -> Handle:
        """The idle handle that has rested longest, else a new one."""
        with self._lock:
            if self._idle:
                handle = next(iter(self._idle))
                self._forget(handle)
                return handle
        return self._make()

    def give(self, handle: Handle) -> None:
        """Take a handle back; the oldest idle one goes when there are too many."""
        surplus: Handle | None = None
        handle.idle_since = time.monotonic()
        with self._lock:
            if self._is_closed:
                surplus = handle
            else:
                self._idle[handle] = None
                for origin in handle.origins:
                    self._by_origin.setdefault(origin, OrderedDict())[handle] = None
                if len(self._idle) > MAX_IDLE_HANDLES:
                    surplus = next(iter(self._idle))
                    self._forget(surplus)
                if self._sweeper is None:
                    self._sweep_later()
        if surplus is not None:
            surplus.close()

    def sweep(self, older_than_s: float = IDLE_S) -> None:
        """Close the handles that have been idle too long, and come again while any is left."""
        now = time.monotonic()
        with self._lock:
            stale = [handle for handle in self._idle if now - handle.idle_since >= older_than_s]
            for handle in stale:
                self._forget(handle)
            self._sweeper = None
            if self._idle and not self._is_closed:
                self._sweep_later()
        for handle in stale:
            handle.close()

    def close(self) -> None:
        """Close all idle handles, and from now on each handle that is given back."""
        with self._lock:
            self._is_closed = True
            if self._sweeper is not None:
                self._sweeper.cancel()
                self._sweeper = None
        self.sweep(older_than_s=0)

    def _forget(self, handle: Handle) -> None:
        del self._idle[handle]
        for origin in handle.origins:
            known = self._by_origin[origin]
            del known[handle]
            if not known:
                del self._by_origin[origin]

    def _sweep_later(self) -> None:
        self._sweeper = threading.Timer(SWEEP_S, self.sweep)
        self._sweeper.daemon = True
        self._sweeper.start()


def _prepared(request: Request) -> requests.PreparedRequest:
    """Filled by hand: `prepare()` would rewrite the URL, merge cookies and cost four times the whole
    exchange.
    """
    prepared = requests.PreparedRequest()
    prepared.method = request.method
    prepared.url = request.url
    prepared.headers = request.headers  # type: ignore[assignment]  # any mapping will do for our own adapter
    prepared.body = request.body
    return prepared


def _header_lines(headers: Mapping[str, str]) -> list[bytes]:
    """Header lines for libcurl, which drops a name with an empty value unless it ends in `;`."""
    lines = [b"Expect:", b"Accept:"]
    has_type = False
    for name, value in headers.items():
        fault = _name_fault(name) or value_fault(value)
        if fault:
            raise DeliveryError(f"the header {name!r} cannot be sent: {fault}", "none", "hub")
        has_type = has_type or name.lower() == "content-type"
        lines.append(f"{name}: {value}".encode("latin-1") if value.strip() else f"{name};".encode("latin-1"))
    if not has_type:
        lines.append(b"Content-Type:")
    return lines


@lru_cache(maxsize=1024)
def _name_fault(name: str) -> str | None:
    if not is_token(name):
        return "This is not a header name."
    return "This header is set by HTTP itself." if frames_message(name) else None
