"""The address policy: what may be connected to, in whatever dress an address comes."""

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.rules.addresses import TargetRefused, canonical, check_address, check_answers
from tests.rules.test_targets import REFUSED_4, networks_of


@given(
    good=st.lists(st.sampled_from(["93.184.216.34", "2606:4700:4700::1111"]), max_size=4),
    bad=REFUSED_4,
    data=st.data(),
)
def test_one_bad_answer_refuses_them_all_wherever_it_stands(
    good: list[str], bad: IPv4Address, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(good)))
    with pytest.raises(TargetRefused):
        check_answers([*good[:place], str(bad), *good[place:]])


def test_a_name_without_any_address_is_refused() -> None:
    with pytest.raises(TargetRefused, match="no address"):
        check_answers([])


@pytest.mark.parametrize(
    "answer", ["", "example.com", "127.1", "fe80::1%eth0", "2606:4700::1%0", "1.2.3.4/32"]
)
def test_an_answer_that_is_no_plain_address_is_refused(answer: str) -> None:
    with pytest.raises(TargetRefused):
        check_address(answer, networks_of("0.0.0.0/0,::/0"))


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "::a9fe:a9fe",
        "::ffff:0:169.254.169.254",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:aba9:fe:a9fe::",
        "64:ff9b:1:abcd:a9:fea9:fe00:0",
        "fe80::5efe:169.254.169.254",
        "fe80::200:5efe:a9fe:a9fe",
        # RFC 6052's places behind any prefix.
        "2606:4700:a9fe:a9fe::",
        "2606:4700:aba9:fea9:fe::",
        "2606:4700:abcd:a9fe:a9:fe00::",
        "2606:4700:abcd:efa9:fe:a9fe::",
        "2606:4700:1:2:a9:fea9:fe00:0",
        "2606:4700:1:2::a9fe:a9fe",
        "fd00::168.63.129.16",
    ],
)
def test_metadata_stays_shut_when_everything_is_allowed_but_itself(address: str) -> None:
    everything = networks_of("0.0.0.0/0,::/0,169.254.0.0/16,168.63.129.16/31,fd00:ec2::/64")
    with pytest.raises(TargetRefused, match="metadata"):
        check_address(address, everything)
    plain = ip_address(address)
    itself = getattr(plain, "ipv4_mapped", None) or plain
    check_address(address, networks_of(str(itself)))


def test_the_text_about_a_name_does_not_tell_its_address() -> None:
    with pytest.raises(TargetRefused) as refused:
        check_answers(["10.11.12.13"])
    assert "10.11.12.13" not in str(refused.value)
    assert "10.0.0.0/8" in str(refused.value)


@pytest.mark.parametrize(
    ("address", "one"),
    [
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::FFFF:7f00:1", "127.0.0.1"),
        ("2001:4860:0:0:0:0:0:8888", "2001:4860::8888"),
        ("64:ff9b::7f00:1", "64:ff9b::7f00:1"),
    ],
)
def test_each_address_has_one_spelling(address: str, one: str) -> None:
    assert canonical(address) == one
