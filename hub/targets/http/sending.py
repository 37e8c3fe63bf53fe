"""One request in libcurl's terms: judged, and fit to be written.

Owns which header lines can be sent at all, and what a request must be to leave. Pure but for the judge of
URLs. Step before: a request for one of the two ways to send, `hub.targets.http.transport` (one call, one
answer) or `hub.targets.http.loop` (many at once). Step after: `hub.targets.http.exchange`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hub.errors import DeliveryError
from hub.rules.headers import frames_message, is_token, value_fault
from hub.rules.targets import Target
from hub.targets.addresses import Addresses

_WITHOUT = [b"Expect:", b"Accept:"]
"""What libcurl would add by itself."""
_WITHOUT_TYPE = [*_WITHOUT, b"Content-Type:"]


@dataclass(slots=True)
class Sending:
    """Both deadlines began at `began`, by the monotonic clock."""

    target: Target
    method: str
    url: str
    lines: Sequence[bytes]
    body: bytes
    verify: bool
    connect_s: float
    total_s: float
    began: float


def checked(
    addresses: Addresses,
    method: str | None,
    url: str | None,
    headers: Mapping[str, str],
    body: Any,
    timeouts: tuple[float, float],
    verify: bool,
    began: float,
) -> Sending:
    """The request, if it can be sent; `timeouts` are (connect, total) in seconds. Raises DeliveryError."""
    connect_s, total_s = timeouts
    if method is None or url is None or not isinstance(body, bytes) or not (connect_s > 0 and total_s > 0):
        raise DeliveryError("the hub built a request that cannot be sent", "none", "hub")
    lines = header_lines(headers)
    return Sending(addresses.target(url), method, url, lines, body, verify, connect_s, total_s, began)


def header_lines(headers: Mapping[str, str]) -> list[bytes]:
    """Header lines for libcurl, which drops a name with an empty value unless it ends in `;`. Raises
    DeliveryError.
    """
    is_typed, has_fault = _seen(tuple(headers))
    values = headers.values()
    if has_fault or value_fault("".join(values)):  # all at once: there is none
        raise DeliveryError(_header_fault(headers), "none", "hub")
    if all(map(str.strip, values)):
        text = "\n".join([f"{name}: {value}" for name, value in headers.items()])
    else:
        text = "\n".join([f"{n}: {v}" if v.strip() else f"{n};" for n, v in headers.items()])
    lines = text.encode("latin-1").split(b"\n")
    lines += _WITHOUT if is_typed else _WITHOUT_TYPE
    return lines


def _header_fault(headers: Mapping[str, str]) -> str:
    """What is wrong with the first header that cannot be sent; there is one."""
    faults = ((name, _name_fault(name) or value_fault(value)) for name, value in headers.items())
    return next(f"the header {name!r} cannot be sent: {fault}" for name, fault in faults if fault)


@lru_cache(maxsize=1024)
def _seen(names: tuple[str, ...]) -> tuple[bool, bool]:
    """Whether a Content-Type is among these headers, and one that cannot be sent."""
    return any(name.lower() == "content-type" for name in names), any(map(_name_fault, names))


@lru_cache(maxsize=1024)
def _name_fault(name: str) -> str | None:
    if not is_token(name):
        return "This is not a header name."
    return "This header is set by HTTP itself." if frames_message(name) else None
