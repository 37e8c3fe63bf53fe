"""Which addresses a hook may be sent to.

Owns the address policy, refused by default. Pure: no name is resolved and no socket opened here. It never
leans on `ipaddress.is_private` or `is_global`: they let 16 to 19 of 48 hostile addresses through, and their
answers change with Python. Step before: a URL spells out an address, or a name was resolved. Step after:
`hub.targets` connects to what was judged, and to nothing else.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


class TargetRefused(ValueError):
    """The hub will not send there; the text is a sentence for the person who typed the URL."""


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
_METADATA_HOSTS = frozenset(
    map(
        IPv4Address,
        (
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
        ),
    )
)
"""The very addresses: looked for in every IPv6 address, since a gateway may translate any prefix of its
network.
"""

# IPv4 addresses hidden in the last 32 bits: v4-compatible (RFC 4291 §2.5.5.1), IPv4-translated (RFC 2765
# §2.1) and NAT64 (RFC 6052).
_IPV4_IN_TAIL = tuple(map(IPv6Network, ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96")))
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
"""For gateways of one's own (RFC 8215), whose prefix may have any of RFC 6052's lengths."""
_PREFIX_LENGTHS = (32, 40, 48, 56, 64, 96)
_ISATAP = (0x00005EFE, 0x02005EFE)
"""The upper half of an interface's identifier that ends in an IPv4 address (RFC 5214 §6.1)."""


def check_address(address: str, allow: Sequence[Network] = ()) -> None:
    """Judge one resolved address. Raises `TargetRefused`."""
    reason = refusal(_resolved(address), allow)
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
        reason = refusal(_resolved(address), allow)
        if reason is not None:
            raise TargetRefused(f"The name leads to an address that {reason}")
    if not seen:
        raise TargetRefused("The name has no address.")


def canonical(address: str) -> str:
    """An address in its one spelling; an IPv4 address in IPv6 dress as what it is. Raises ValueError."""
    return str(plain(ip_address(address)))


def own_answers(name: str, addresses: Sequence[str], allow: Sequence[Network] = ()) -> Sequence[str]:
    """The answers for `localhost` that are allowed, where some are: `::1` beside an allowed 127.0.0.1 is no
    attack, because nobody but this machine answers for that name (RFC 6761 §6.3). All answers for any other
    name.
    """
    if name.rstrip(".").lower() != "localhost":
        return addresses
    return [address for address in addresses if refusal(_resolved(address), allow) is None] or addresses


def _resolved(text: str) -> Address:
    if "%" in text:
        raise TargetRefused("An address with a zone (fe80::1%eth0) is never reached.")
    try:
        return plain(ip_address(text))
    except ValueError:
        raise TargetRefused(f"{text!r} is not an IP address.") from None


def plain(address: Address) -> Address:
    """An IPv4 address in IPv6 dress (::ffff:127.0.0.1) is judged as what it is."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def refusal(address: Address, allow: Sequence[Network]) -> str | None:
    """Why an address may not be reached, as the rest of a sentence; None when it may."""
    if any(inner in network for inner in _faces(address) for network in _METADATA):
        if ip_network(address) in allow:
            return None
        return (
            "may serve cloud metadata; it stays refused unless the setting HUB_OUTBOUND_ALLOW names "
            "exactly this "
            "address (/32 or /128)."
        )
    network, words = _refused_network(address)
    if network is None or any(address in allowed for allowed in allow):
        return None
    return (
        f"lies in {network} ({words}); hooks may reach it only when the operator names it in the setting "
        "HUB_OUTBOUND_ALLOW."
    )


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
    if not isinstance(address, IPv6Address):
        return
    number = int(address)
    tail = IPv4Address(number & 0xFFFFFFFF)
    if address.sixtofour:
        yield address.sixtofour
    yield from address.teredo or ()
    if any(address in network for network in _IPV4_IN_TAIL) or (number >> 32) & 0xFFFFFFFF in _ISATAP:
        yield tail
    translated = {_translated(number, length) for length in _PREFIX_LENGTHS}
    yield from translated if address in _LOCAL_NAT64 else translated & _METADATA_HOSTS


def _translated(number: int, prefix_length: int) -> IPv4Address:
    """The IPv4 address behind a prefix of this length; bits 64 to 71 are left out (RFC 6052 §2.2)."""
    if prefix_length == 96:
        return IPv4Address(number & 0xFFFFFFFF)
    without = (number >> 64 << 56) | (number & ((1 << 56) - 1))
    return IPv4Address((without >> (120 - prefix_length - 32)) & 0xFFFFFFFF)
