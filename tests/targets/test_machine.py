"""What our own machine lacks."""

from hub.targets.machine import has_address, has_route, shortage


def test_it_knows_which_addresses_it_has_a_way_to() -> None:
    assert has_route("127.0.0.1")
    assert not has_route("127.255.255.255"), "a broadcast address leads to nobody"
    assert not has_route("not an address")


def test_it_knows_its_own_addresses() -> None:
    assert has_address("127.0.0.1")
    assert not has_address("192.0.2.1"), "an address of documentation"
    assert not has_address("not an address")


def test_it_lacks_nothing_as_long_as_sockets_can_be_made() -> None:
    assert shortage() is None
