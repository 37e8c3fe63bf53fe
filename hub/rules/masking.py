"""What a receiver repeats of a hook's credentials, taken out of what is kept of its answer.

Owns which spellings of a credential are looked for. Pure. Many receivers echo the request in their error
pages, and the log is read by more people than may know the hook's secrets. Step before:
`hub.engine.delivery` has an answer. Step after: `hub.store.attempts` keeps it.
"""

import base64
import binascii
import contextlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote, quote_plus

from connectors.signing import PREFIX
from hub.logs import MASK

SHORTEST = 4
"""A shorter credential is taken out only where it is all of a header's value: in a text it would be
anywhere.
"""

_PLAIN_NAMES = frozenset(
    {"accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "pragma", "prefer"}
)
"""Headers that ask for something and prove nothing; their values are in every answer."""
_PAIRS = re.compile(r"[\w.-]+=[^;,]*([;,] *[\w.-]+=[^;,]*)*")
"""Cookies, and parameters such as `Token token="…"`."""
_HEX = re.compile(r"(%|\\u)([0-9A-Fa-f]{2,4})")
_NEVER = rb"(?!)"
_MASK = MASK.encode("ascii")


class Credentials:
    """What must not be kept of an answer to one hook: the values of its headers, and its secrets."""

    def __init__(self, values: Iterable[str], secrets: Iterable[str]) -> None:
        self._values = frozenset(value for value in values if value)
        found: set[bytes] = set()
        for credential in (*self._values, *secrets):
            for part in _parts(credential):
                if len(part) >= SHORTEST:
                    found.update(_spellings(part))
        # The longest first: one may begin as another does.
        self._needles = sorted(found, key=lambda needle: (-len(needle), needle))
        self._any = re.compile(b"|".join(map(re.escape, self._needles)) or _NEVER)

    def masked(self, data: bytes, *, is_cut: bool = False) -> bytes:
        """The data without its credentials. `is_cut`: its end was cut off, so that what begins one there goes
        too.
        """
        if not data:
            return data
        shown = self._any.sub(_MASK, data)
        return self._without_beginning(shown) if is_cut else shown

    def masked_text(self, text: str) -> str:
        """A line of text, such as a header's value."""
        if text in self._values:
            return MASK
        return self.masked(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def masked_headers(self, headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        values = [value for _, value in headers]
        if not self._values.isdisjoint(values) or self._stands_in(values):
            return [(name, self.masked_text(value)) for name, value in headers]
        return list(headers)

    def _stands_in(self, values: Sequence[str]) -> bool:
        """Looked for in all of them at once: nearly every answer holds none."""
        if not self._needles:
            return False
        return self._any.search("\n".join(values).encode("utf-8", "surrogatepass")) is not None

    def _without_beginning(self, data: bytes) -> bytes:
        longest = len(self._needles[0]) if self._needles else 0
        for start in range(max(0, len(data) - longest), len(data) - SHORTEST + 1):
            end = data[start:]
            if any(needle.startswith(end) for needle in self._needles):
                return data[:start] + _MASK
        return data


@lru_cache(maxsize=4096)
def _credentials(values: tuple[str, ...], secrets: tuple[str, ...]) -> Credentials:
    return Credentials(values, secrets)


def credentials_of(headers: Mapping[str, str], secrets: Sequence[str]) -> Credentials:
    """A hook's credentials; kept, because a hook's answers come by the thousand."""
    values = tuple(value for name, value in headers.items() if name.lower() not in _PLAIN_NAMES)
    return _credentials(values, tuple(secrets))


def _parts(credential: str) -> Iterator[str]:
    """The credential, and what in it is one by itself: `Bearer TOKEN`, `Basic base64(user:password)`,
    `name=value`.
    """
    yield credential
    if credential.startswith(PREFIX):
        yield credential.removeprefix(PREFIX)
    scheme, _, rest = credential.partition(" ")
    yield rest
    if scheme.lower() == "basic":
        pair = _from_base64(rest)
        yield pair
        yield pair.partition(":")[2]
    for text in (credential, rest):
        if _PAIRS.fullmatch(text):
            yield from (pair.partition("=")[2].strip("\"' ") for pair in re.split("[;,]", text))


def _spellings(part: str) -> Iterator[bytes]:
    """How a receiver may write it: as it is, and in the encodings of URLs, JSON, HTML, hex and base64."""
    data = part.encode("utf-8", "surrogatepass")
    in_json = json.dumps(part)[1:-1]
    for text in (
        part,
        quote(data, safe=""),
        quote_plus(data),
        in_json,
        in_json.replace("/", "\\/"),
        json.dumps(part, ensure_ascii=False)[1:-1],
        html.escape(part),
        html.escape(part, quote=False),
        data.hex(),
        data.hex().upper(),
    ):
        yield text.encode("utf-8", "surrogatepass")
        yield _HEX.sub(_in_other_case, text).encode("utf-8", "surrogatepass")
    with contextlib.suppress(UnicodeEncodeError):
        yield part.encode("latin-1")  # as it was sent in a header
    for offset in range(3):
        yield from _in_base64(data, offset)


def _in_other_case(found: re.Match[str]) -> str:
    """`%2F` → `%2f`, `\\u00e9` → `\\u00E9`."""
    return found[1] + found[2].swapcase()


def _in_base64(data: bytes, offset: int) -> Iterator[bytes]:
    """The characters that `data` makes wherever it stands in something larger: three ways, by what is before
    it. Those that it shares with its neighbours are left out.
    """
    first = (8 * offset + 5) // 6
    whole = (8 * (offset + len(data))) // 6
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        core = encode(b"\0" * offset + data)[first:whole]
        if len(core) >= SHORTEST:
            yield core


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
