"""URLs, against the collected attacks and against whole classes of them."""

import json
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import Any

import pytest
import urllib3.util
from hypothesis import given
from hypothesis import strategies as st

from hub.rules.addresses import TargetRefused, check_answers
from hub.rules.targets import MAX_URL_CHARS, check_url, parse_url

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "ssrf_cases.json").read_text())
JUDGED = [case for case in CASES if not case.get("manual")]


def networks_of(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(part.strip()) for part in text.split(",") if part)


HOME = networks_of("127.0.0.0/8, 10.1.2.0/24, ::1")

# Written out again on purpose, from the reference: a slip in the module's own table must not agree with
# itself.
IPV4_REFUSED = [
    IPv4Network(text)
    for text in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ]
]
IPV6_REFUSED = [
    IPv6Network(text)
    for text in ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"]
]
REFUSED_4 = st.sampled_from(IPV4_REFUSED).flatmap(lambda network: st.ip_addresses(network=network))
ANY_4 = st.ip_addresses(v=4)
ANY_6 = st.ip_addresses(v=6)


def is_refused(url: str, *, dns: list[str] | None = None, allow: str = "") -> bool:
    networks = networks_of(allow)
    try:
        check_url(url, networks)
        if dns:
            check_answers(dns, networks)
    except TargetRefused:
        return True
    return False


@pytest.mark.parametrize("case", JUDGED, ids=[f"{case['id']} {case['why'][:40]}" for case in JUDGED])
def test_it_judges_the_collected_cases(case: dict[str, Any]) -> None:
    assert is_refused(case["url"], dns=case["dns"]) == (case["verdict"] == "deny")


@given(address=REFUSED_4)
def test_it_refuses_every_address_of_the_networks_however_it_is_dressed(address: IPv4Address) -> None:
    number = int(address)
    dressed = [
        str(address),
        f"[::ffff:{address}]",
        f"[::{number:x}]",
        f"[64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}]",
    ]
    dressed += [
        f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::1]",
        f"[2001:0:{number >> 16:x}:{number & 0xFFFF:x}::1]",
    ]
    # What inet_aton reads besides the dotted quad: one number, hex, octal.
    dressed += [str(number), hex(number), ".".join(f"0{part:o}" for part in address.packed), f"{address}."]
    assert all(is_refused(f"http://{host}/") for host in dressed)


@given(address=ANY_4)
def test_an_ipv4_address_passes_exactly_when_no_refused_network_holds_it(address: IPv4Address) -> None:
    assert is_refused(f"http://{address}/") == any(address in network for network in IPV4_REFUSED)


@given(address=st.one_of(ANY_6, st.ip_addresses(network=IPv6Network("2000::/3"))))
def test_an_ipv6_address_passes_only_inside_the_public_block(address: IPv6Address) -> None:
    inner = address.ipv4_mapped
    if inner is None:
        bad = address not in IPv6Network("2000::/3") or any(address in network for network in IPV6_REFUSED)
    else:
        bad = any(inner in network for network in IPV4_REFUSED)
    assert is_refused(f"https://[{address}]/") == bad


@given(address=st.one_of(ANY_4, ANY_6))
def test_the_url_and_the_resolved_address_are_judged_alike(address: IPv4Address | IPv6Address) -> None:
    """Two code paths with different checks are how guards fail."""
    host = f"[{address}]" if address.version == 6 else str(address)
    assert is_refused(f"http://{host}/") == is_refused("http://example.com/", dns=[str(address)])


@pytest.mark.parametrize(
    ("url", "passes"),
    [
        ("http://10.1.2.3:9000/", True),
        ("http://10.1.3.3:9000/", False),
        ("http://127.0.0.1:5678/", True),
        ("http://[::1]:5678/", True),
        ("http://[::ffff:127.0.0.1]:5678/", True),
        ("http://0.0.0.0:5678/", False),
        ("http://n8n:5678/webhook", True),
        ("http://localhost:5678/", True),
        ("http://box.local/", True),
        ("http://169.254.169.254/", False),
    ],
)
def test_the_operators_networks_open_themselves_and_nothing_else(url: str, passes: bool) -> None:
    assert is_refused(url, allow="127.0.0.0/8,10.1.2.0/24,::1") != passes


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "n8n",
        "box.local",
        "a.internal",
        "a.test",
        "x.localdomain",
        "router.home.arpa",
        "LOCALHOST.",
    ],
)
def test_local_names_are_refused_until_the_operator_allows_a_network(name: str) -> None:
    with pytest.raises(TargetRefused, match="HUB_OUTBOUND_ALLOW"):
        check_url(f"http://{name}/")
    check_url(f"http://{name}/", HOME)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://localhost/", "http://169.254.169.254/"])
def test_the_text_of_a_private_address_names_the_setting(url: str) -> None:
    with pytest.raises(TargetRefused, match="HUB_OUTBOUND_ALLOW"):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "http:/example.com/",
        "http://",
        "http://?x",
        "http://:80/",
        "http://example.com:/",
        "http://example.com:080/",
        "http://example.com:+80/",
        "http://example.com:99999/",
        "http://example.com:65536/",
        "http://example.com:25/",
        "http://example..com/",
        "http://.example.com/",
        "http://example.com../",
        "http://" + "a" * 64 + ".com/",
        "http://" + ".".join(["a" * 60] * 5) + "/",
        "http://user@example.com/",
        "http://user:secret@example.com/",
        "http://@example.com/",
        "http://example.com/#",
        "http://[::1/",
        "http://[2606:4700:4700::1111]x/",
        "http://[2606:4700:4700::1111]:22/",
        "http://[v1.x]/",
        "http://2606:4700:4700::1111/",
        "http://exam_ple!.com/",
        "http://example.com;x/",
        "http://1.2.3/",
        "http://1.2.3.4.5/",
        "http://x.0x7f/",
        "http://x.1/",
        "http://8.8.8.8./",
        "http://08.8.8.8/",
        "wss://example.com/",
        "http://example.com/\x7f",
        "http://example.com/ä",
        "http://example.com/\ud800",
    ],
)
def test_urls_that_are_not_plain_are_refused(url: str) -> None:
    assert is_refused(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "HTTPS://Example.COM/Path",
        "http://example.com?x=1",
        "http://example.com:80/",
        "http://example.com:1024/",
        "http://example.com:65535/",
        "http://_dmarc.example.com/",
        "http://xn--bcher-kva.example.com/",
        "https://8.8.8.8/x",
        "https://[2606:4700:4700::1111]:8443/x",
        "https://example.com/a/../b//c;d=e?f=[g]&h=@i:j|k'\"<>^`{}",
        "https://prod-00.westeurope.logic.azure.com:443/workflows/0/triggers/manual/paths/invoke?sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=a%2fb",
    ],
)
def test_plain_urls_pass(url: str) -> None:
    check_url(url)


def test_a_url_has_a_bounded_length() -> None:
    url = "https://example.com/" + "a" * (MAX_URL_CHARS - 20)
    check_url(url)
    with pytest.raises(TargetRefused, match=str(MAX_URL_CHARS)):
        check_url(url + "a")


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://Example.com.", ("https", "example.com.", 443, "/", None)),
        ("http://example.com:8080?a=%2f", ("http", "example.com", 8080, "/?a=%2f", None)),
        (
            "http://[2606:4700:4700:0::1111]/x",
            ("http", "2606:4700:4700:0::1111", 80, "/x", "2606:4700:4700::1111"),
        ),
    ],
)
def test_it_takes_a_url_apart_without_changing_its_path(
    url: str, parts: tuple[str, str, int, str, str | None]
) -> None:
    target = parse_url(url)
    assert (target.scheme, target.host, target.port, target.path, target.address) == parts


URLS = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"https?://[a-z0-9.\[\]:@%\\/?#_-]{0,30}", fullmatch=True),
    st.builds(
        "http://{}{}".format,
        st.from_regex(r"[a-z0-9_.:\[\]-]{1,20}", fullmatch=True),
        st.sampled_from(["", "/", "?", "/x?y", "/\\@a"]),
    ),
)


@given(url=URLS, allow=st.sampled_from([(), HOME]))
def test_whatever_is_typed_is_passed_or_refused_and_other_parsers_agree_on_what_passed(
    url: str, allow: Any
) -> None:
    try:
        target = parse_url(url, allow)
    except TargetRefused:
        return
    other = urllib3.util.parse_url(url)
    assert (
        other.scheme,
        (other.host or "").strip("[]"),
        other.port or {"http": 80, "https": 443}[target.scheme],
    ) == (
        target.scheme,
        target.host,
        target.port,
    )


@pytest.mark.parametrize("port", [1, 25, 81, 1023])
def test_a_low_port_is_only_for_whom_the_operator_says(port: int) -> None:
    url = f"https://example.com:{port}/"
    with pytest.raises(TargetRefused, match=rf"Port {port} .*HUB_OUTBOUND_PORTS"):
        check_url(url)
    with pytest.raises(TargetRefused):
        check_url(url, ports=[port + 1])
    check_url(url, ports=[port])
