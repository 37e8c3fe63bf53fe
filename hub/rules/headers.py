"""Which headers a hook may add to its requests.

Owns the rule for headers that people type: nothing that frames a message or belongs to one connection,
nothing that the hub sets itself, no character that receivers refuse. Pure. Step before: a hook is saved. Step
after: `hub.engine.delivery` puts its own beside them; `hub.targets` asks once more what can be written at
all.
"""

import re
from collections.abc import Mapping

MAX_HEADERS = 20
MAX_NAME_CHARS = 256
MAX_VALUE_CHARS = 4096

FRAMING = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_FRAMING_PREFIXES = ("proxy-", "sec-websocket-")
"""What only the HTTP client may write: RFC 9112's framing, and what belongs to one connection (RFC 9110
§7.6.1, RFC 9113 §8.2.2, RFC 7540 §3.2.1, RFC 6455 §11.3). Two opinions on them are request smuggling.
"""

_OWN = frozenset({"content-type", "user-agent"})
_OWN_PREFIXES = ("webhook-", "x-hub-", "x-hook-", "x-icescrum-", "x-github-")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def check_headers(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """(name, message) for each header that a hook may not have; empty when all are fine."""
    found: list[tuple[str, str]] = []
    if len(headers) > MAX_HEADERS:
        found.append(("", f"A hook may have at most {MAX_HEADERS} headers; these are {len(headers)}."))
    seen: set[str] = set()
    for name, value in headers.items():
        lower = name.lower()
        message = _name_fault(lower) or _typed_value_fault(value)
        if message is None and lower in seen:
            message = "This header is there twice."
        seen.add(lower)
        if message is not None:
            found.append((name, message))
    return found


def is_token(name: str) -> bool:
    """Whether a header can have this name at all (RFC 9110 §5.1)."""
    return len(name) <= MAX_NAME_CHARS and _TOKEN.fullmatch(name) is not None


def frames_message(name: str) -> bool:
    """Whether the header is the HTTP client's business alone."""
    lower = name.lower()
    return lower in FRAMING or lower.startswith(_FRAMING_PREFIXES)


def value_fault(value: str) -> str | None:
    """Why a header can not have this value (RFC 9110 §5.5), or None."""
    if found := _CONTROL.search(value):
        return f"The value may not hold line breaks or control characters; one is U+{ord(found[0]):04X}."
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


def _typed_value_fault(value: str) -> str | None:
    if message := value_fault(value):
        return message
    if value != value.strip(" \t"):
        return "The value may not begin or end with a blank: receivers would drop it."
    if len(value) > MAX_VALUE_CHARS:
        return f"The value is longer than {MAX_VALUE_CHARS} characters."
    return None
