"""Where a hook may point: the text of its URL, and the addresses its name leads to.

Owns the address policy, refused by default. Pure: it never resolves a name and never opens a socket. It must
never lean on `ipaddress.is_private` or `is_global`: they let 16 to 19 of 48 hostile addresses through, and
their answers change with Python. Step before: a person or an app types a URL. Step after:
`hub.targets.outbound` asks again at each attempt, with the resolved addresses.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

MAX_URL_CHARS = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}


class TargetRefused(ValueError):
    """The hub will not send there; the text is a sentence for the person who typed the URL."""


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


# The registries: RFC 6890 and IANA's special-purpose tables, plus Azure's wire server, which no table lists
# (Gitea CVE-2026-22874).
_IPV4_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (IPv4Network(network), words)
    for network, words in (
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by carriers"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud platform"),
        ("169.254.0.0/16", "link-local and cloud metadata"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "AMT"),
        ("192.88.99.0/24", "6to4 relays"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarks"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_IPV6_PUBLIC = IPv6Network("2000::/3")
_IPV6_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (IPv6Network(network), words)
    for network, words in (
        ("2001::/23", "Teredo and protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "AS112"),
        ("3fff::/20", "documentation"),
    )
)
# Where clouds answer with credentials. Operators allow wide networks; these they must name one by one.
_METADATA: tuple[Network, ...] = tuple(
    ip_network(network)
    for network in (
        "169.254.0.0/16",  # AWS, GCP, Azure, ECS, EKS, Tencent, Scaleway: each uses some address of it
        "168.63.129.16/32",  # Azure wire server
        "100.100.100.200/32",  # Alibaba
        "192.0.0.192/32",  # Oracle
        "fd00:ec2::/32",  # AWS
        "fd00:42::42/128",  # Scaleway
        "fd20:ce::254/128",  # GCP
    )
)
# IPv4 addresses hidden in the last 32 bits: v4-compatible (RFC 4291 §2.5.5.1) and NAT64 (RFC 6052).
_IPV4_IN_TAIL = (IPv6Network("::/96"), IPv6Network("64:ff9b::/96"))

_LABEL = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?]*)")
_LOCAL_SUFFIXES = frozenset(
    {"localhost", "localdomain", "local", "internal", "intranet", "lan", "test", "invalid"}
)


def check_url(url: str, allow: Sequence[Network] = ()) -> None:
    """Judge the text of a URL, and its address when it names one. Raises `TargetRefused`."""
    parse_url(url, allow)


def parse_url(url: str, allow: Sequence[Network] = ()) -> Target:
    """The parts of a URL that may be sent to as far as its text can tell. Raises `TargetRefused`.

    Local names pass when the operator allows any network: `http://n8n:5678` must work at home, and its
    address is judged later.
    """
    scheme, authority, path = _split(url)
    host, port = _host_and_port(authority, scheme)
    bare = host.removesuffix(".")
    if ":" in bare or _NUMBER.fullmatch(bare.rpartition(".")[2]):
        address = _literal(host)
        reason = _refusal(address, allow)
        if reason is not None:
            raise TargetRefused(f"{address} {reason}")
        target = Target(scheme, host, port, path, str(address))
    else:
        _check_name(bare, allow)
        target = Target(scheme, host, port, path, None)
    if not _reads_the_same(url, target):
        raise TargetRefused("The URL can be read in two ways; write it plainly, as https://host/path.")
    return target


def check_address(address: str, allow: Sequence[Network] = ()) -> None:
    """Judge one resolved address. Raises `TargetRefused`."""
    reason = _refusal(_resolved(address), allow)
    if reason is not None:
        raise TargetRefused(f"{address} {reason}")


def check_answers(addresses: Iterable[str], allow: Sequence[Network] = ()) -> None:
    """Judge all answers for one name: one bad answer refuses them all (GitLab, Sentry), since filtering would
    hide an attacking name.

    The text names the network, never the address: whoever typed the name may not be meant to learn what it
    means inside.
    """
    seen = False
    for address in addresses:
        seen = True
        reason = _refusal(_resolved(address), allow)
        if reason is not None:
            raise TargetRefused(f"The name leads to an address that {reason}")
    if not seen:
        raise TargetRefused("The name has no address.")


def own_answers(name: str, addresses: Sequence[str], allow: Sequence[Network] = ()) -> Sequence[str]:
    """The answers for `localhost` that are allowed, where some are: `::1` beside an allowed 127.0.0.1 is no
    attack, because nobody but this machine answers for that name (RFC 6761 §6.3). All answers for any other
    name.
    """
    if name.rstrip(".").lower() != "localhost":
        return addresses
    return [address for address in addresses if _refusal(_resolved(address), allow) is None] or addresses


def _split(url: str) -> tuple[str, str, str]:
    """Scheme, authority and path of a URL whose characters are all plain."""
    if len(url) > MAX_URL_CHARS:
        raise TargetRefused(f"The URL is longer than {MAX_URL_CHARS} characters.")
    if not url.isascii():
        raise TargetRefused(
            "The URL may hold ASCII only: write an international name in its xn-- form and escape the path with %."
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
    """The host without brackets, and the port: 80, 443 or an unprivileged one (GitLab's rule keeps hooks off
    SSH, SMTP and their kind).
    """
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
    port = int(rest[1:])
    if not (port in (80, 443) or 1024 <= port <= 65535):
        raise TargetRefused(f"Port {port} is not for hooks: use 80, 443 or one from 1024 to 65535.")
    return host, port


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
        return _plain(ip_address(host))
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
            f"{name} is a local name; hooks may reach it only when the operator names its network in the setting HUB_OUTBOUND_ALLOW."
        )


def _resolved(text: str) -> Address:
    if "%" in text:
        raise TargetRefused("An address with a zone (fe80::1%eth0) is never reached.")
    try:
        return _plain(ip_address(text))
    except ValueError:
        raise TargetRefused(f"{text!r} is not an IP address.") from None


def _plain(address: Address) -> Address:
    """An IPv4 address in IPv6 dress (::ffff:127.0.0.1) is judged as what it is."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _refusal(address: Address, allow: Sequence[Network]) -> str | None:
    """Why an address may not be reached, as the rest of a sentence; None when it may."""
    if any(inner in network for inner in _faces(address) for network in _METADATA):
        if ip_network(address) in allow:
            return None
        return "may serve cloud metadata; it stays refused unless the setting HUB_OUTBOUND_ALLOW names exactly this address (/32 or /128)."
    network, words = _refused_network(address)
    if network is None or any(address in allowed for allowed in allow):
        return None
    return f"lies in {network} ({words}); hooks may reach it only when the operator names it in the setting HUB_OUTBOUND_ALLOW."


def _refused_network(address: Address) -> tuple[Network | str | None, str]:
    if isinstance(address, IPv6Address) and address not in _IPV6_PUBLIC:
        return "a network outside 2000::/3", "not public"
    table = _IPV4_REFUSED if isinstance(address, IPv4Address) else _IPV6_REFUSED
    return next(((network, words) for network, words in table if address in network), (None, ""))


def _faces(address: Address) -> Iterable[Address]:
    """The address and the IPv4 addresses a gateway would turn it into: `::/0` in the allow list must not open
    metadata through NAT64.
    """
    yield address
    if isinstance(address, IPv6Address):
        if address.sixtofour:
            yield address.sixtofour
        yield from address.teredo or ()
        if any(address in network for network in _IPV4_IN_TAIL):
            yield IPv4Address(int(address) & 0xFFFFFFFF)
