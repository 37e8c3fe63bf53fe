"""Which headers a hook may add to its requests.

Owns the rule for headers that people type. Pure. It must never let through what frames a message, what the
hub sets itself, or a character that could start another header; requests sends NUL and blanks unasked
(security reference 2.3). Step before: a hook is saved. Step after: `hub.engine.delivery` puts them under its
own; `hub.targets.outbound` refuses broken ones again.
"""

import re
from collections.abc import Mapping

MAX_HEADERS = 20
MAX_VALUE_CHARS = 4096

FRAMING = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "keep-alive",
    }
)
"""Headers that only the HTTP client may write: RFC 9112's framing and hop-by-hop ones; two opinions on them
are request smuggling.
"""

_OWN = frozenset({"content-type", "user-agent"})
_OWN_PREFIXES = ("webhook-", "x-hub-", "x-icescrum-", "x-github-")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_BREAKS = re.compile(r"[\r\n\0]")


def check_headers(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """(name, message) for each header that a hook may not have; empty when all are fine."""
    found: list[tuple[str, str]] = []
    if len(headers) > MAX_HEADERS:
        found.append(("", f"A hook may have at most {MAX_HEADERS} headers."))
    seen: set[str] = set()
    for name, value in headers.items():
        lower = name.lower()
        message = _name_fault(lower) or value_fault(value)
        if message is None and lower in seen:
            message = "This header is there twice."
        if message is None and len(value) > MAX_VALUE_CHARS:
            message = f"The value is longer than {MAX_VALUE_CHARS} characters."
        seen.add(lower)
        if message is not None:
            found.append((name, message))
    return found


def is_token(name: str) -> bool:
    """Whether a header can have this name at all (RFC 9110 §5.1)."""
    return _TOKEN.fullmatch(name) is not None


def frames_message(name: str) -> bool:
    """Whether the header is the HTTP client's business alone."""
    lower = name.lower()
    return lower in FRAMING or lower.startswith("proxy-")


def value_fault(value: str) -> str | None:
    """Why a header can not have this value (RFC 9110 §5.5), or None."""
    if _BREAKS.search(value):
        return "The value may not hold line breaks or NUL."
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return "The value may hold Latin-1 characters only."
    return None


def _name_fault(lower: str) -> str | None:
    if not is_token(lower):
        return "This is not a header name: letters, digits and - only."
    if frames_message(lower):
        return "This header is set by HTTP itself."
    if lower in _OWN or lower.startswith(_OWN_PREFIXES):
        return "This header is set by the hub."
    return None
