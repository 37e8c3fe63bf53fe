"""Where a hook may point: the text of its URL.

Owns what of a URL is read and how, so that no two parsers can disagree about the host. Pure: a name is never
resolved here, and an address that a URL spells out is judged by `addresses`. Step before: a person or an app
types a URL. Step after: `hub.targets.addresses` judges again at each attempt, with the resolved addresses.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from hub.rules.addresses import Address, Network, TargetRefused, plain, refusal

MAX_URL_CHARS = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that passed the text policy, in the parts a connection is made of."""

    scheme: str
    host: str
    """As typed but lower case: a name (perhaps with its trailing dot), or an address without brackets."""
    port: int
    path: str
    """Path and query exactly as typed; at least `/`."""
    address: str | None
    """The canonical address when the host is one, else None: a name that must be resolved and judged."""


_LABEL = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?]*)")
_LOCAL_SUFFIXES = frozenset(
    {"localhost", "localdomain", "local", "internal", "intranet", "lan", "test", "invalid"}
)


def check_url(url: str, allow: Sequence[Network] = (), ports: Collection[int] = ()) -> None:
    """Judge the text of a URL, and its address when it names one. Raises `TargetRefused`."""
    parse_url(url, allow, ports)


def parse_url(url: str, allow: Sequence[Network] = (), ports: Collection[int] = ()) -> Target:
    """The parts of a URL that may be sent to as far as its text can tell; `ports` are allowed besides the
    usual ones. Raises `TargetRefused`.

    Local names pass when the operator allows any network: `http://n8n:5678` must work at home, and its
    address is judged later.
    """
    scheme, authority, path = _split(url)
    host, port = _host_and_port(authority, scheme)
    _check_port(port, ports)
    bare = host.removesuffix(".")
    if ":" in bare or _NUMBER.fullmatch(bare.rpartition(".")[2]):
        address = _literal(host)
        reason = refusal(address, allow)
        if reason is not None:
            raise TargetRefused(f"{address} {reason}")
        target = Target(scheme, host, port, path, str(address))
    else:
        _check_name(bare, allow)
        target = Target(scheme, host, port, path, None)
    if not _reads_the_same(url, target):
        raise TargetRefused("The URL can be read in two ways; write it plainly, as https://host/path.")
    return target


def receiver_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of what a URL connects to, however they are written. Raises `TargetRefused`."""
    scheme, authority, _ = _split(url)
    host, port = _host_and_port(authority, scheme)
    bare = host.removesuffix(".")
    try:
        return scheme, str(plain(ip_address(bare))), port
    except ValueError:
        return scheme, bare, port


def _split(url: str) -> tuple[str, str, str]:
    """Scheme, authority and path of a URL whose characters are all plain."""
    if len(url) > MAX_URL_CHARS:
        raise TargetRefused(f"The URL is longer than {MAX_URL_CHARS} characters.")
    if not url.isascii():
        raise TargetRefused(
            "The URL may hold ASCII only: write an international name in its xn-- form and escape the path "
            "with %."
        )
    if any(character <= " " or character in "\\\x7f" for character in url):
        raise TargetRefused("The URL may not hold blanks, control characters or backslashes.")
    if "#" in url:
        raise TargetRefused("The URL may not have a fragment (#…): it would never be sent.")
    found = _URL.match(url)
    scheme = found[1].lower() if found else ""
    if found is None or scheme not in DEFAULT_PORTS:
        raise TargetRefused("The URL must begin with http:// or https://.")
    authority = found[2]
    if "@" in authority:
        raise TargetRefused("The URL may not hold a user name or password; put credentials into a header.")
    if "%" in authority:
        raise TargetRefused("The host of the URL may not hold % signs or a zone.")
    path = url[found.end() :]
    return scheme, authority.lower(), path if path.startswith("/") else f"/{path}"


def _host_and_port(authority: str, scheme: str) -> tuple[str, int]:
    """The host without brackets, and the port."""
    if authority.startswith("["):
        host, bracket, rest = authority[1:].partition("]")
        if not bracket or ":" not in host:
            raise TargetRefused("Brackets in a URL are for IPv6 addresses only.")
    else:
        host, colon, rest = authority.partition(":")
        rest = colon + rest
    if not host:
        raise TargetRefused("The URL has no host.")
    if not rest:
        return host, DEFAULT_PORTS[scheme]
    if not rest.startswith(":") or not _PORT.fullmatch(rest[1:]):
        raise TargetRefused("The port of the URL must be a plain number.")
    return host, int(rest[1:])


def _check_port(port: int, ports: Collection[int]) -> None:
    """80, 443, an unprivileged one, or one of `ports`: GitLab's rule, which keeps hooks off SSH, SMTP and
    their kind.
    """
    if not (port in (80, 443) or 1024 <= port <= 65535 or port in ports):
        raise TargetRefused(
            f"Port {port} is not for hooks: use 80, 443 or one from 1024 to 65535, "
            "or have the operator name it in the"
            " setting HUB_OUTBOUND_PORTS."
        )


def _reads_the_same(url: str, target: Target) -> bool:
    """Parsers that disagree about the host are the classic way in: what the standard library reads
    differently is refused.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS[target.scheme]
    except ValueError:
        return False
    return (parts.scheme, parts.hostname, port) == (target.scheme, target.host, target.port)


def _literal(host: str) -> Address:
    """The address a host spells out; libc also reads 2130706433, 0x7f.1 and 0177.0.0.1 as addresses, so only
    the plain form passes.
    """
    try:
        return plain(ip_address(host))
    except ValueError:
        raise TargetRefused(f"{host} is not a plain IP address, nor a name.") from None


def _check_name(name: str, allow: Sequence[Network]) -> None:
    labels = name.split(".")
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise TargetRefused("The host of the URL is not a valid name.")
    if allow:
        return
    if len(labels) == 1 or labels[-1] in _LOCAL_SUFFIXES or name.endswith(".home.arpa"):
        raise TargetRefused(
            f"{name} is a local name; hooks may reach it only when the operator names its network in the "
            "setting HUB_OUTBOUND_ALLOW."
        )
