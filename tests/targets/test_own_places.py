"""Where the hub itself is: by name, by address, and what lives beside it."""

import pytest

from hub.rules.targets import parse_url
from hub.targets.outbound import Outbound
from hub.targets.own_places import REFUSAL, OwnPlaces
from tests.rigs.doors import LOOPBACK, Names, failure, post
from tests.rigs.receivers import Receiver

BASE = "https://hub.example.com"


@pytest.mark.parametrize(
    ("base_url", "url", "is_own"),
    [
        (BASE, "https://hub.example.com/api/v1/events", True),
        (BASE, "https://hub.example.com:443/", True),
        (BASE, "https://HUB.example.com./x?y", True),
        (BASE, "https://hub.example.com:8443/", False),
        (BASE, "http://hub.example.com/", False),
        (BASE, "https://example.com/", False),
        ("http://hub.example.com:8080", "http://hub.example.com:8080/x", True),
        ("http://[2606:4700::1]:8000", "http://[2606:4700:0::0:1]:8000/", True),
        ("http://93.184.216.34:8000", "http://[::ffff:93.184.216.34]:8000/", True),
        (f"{BASE}/hub", "https://hub.example.com/hub/api/v1/events", True),
        (f"{BASE}/hub", "https://hub.example.com/hub?x", True),
        (f"{BASE}/hub/", "https://hub.example.com/hub", True),
        (f"{BASE}/hub", "https://hub.example.com/hubris", False),
        (f"{BASE}/hub", "https://hub.example.com/other", False),
    ],
)
def test_a_url_is_the_hubs_own_by_its_host_port_and_path(base_url: str, url: str, is_own: bool) -> None:
    assert OwnPlaces(base_url, "127.0.0.1", 8000).is_named(parse_url(url)) is is_own


@pytest.mark.parametrize(
    ("host", "address", "is_own"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("0.0.0.0", "127.0.0.2", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("127.0.0.1", "::", True),
        ("::", "127.0.0.1", True),
        ("0.0.0.0", "192.0.2.1", False),
        ("localhost", "127.0.0.1", True),
        ("localhost", "192.0.2.1", False),
    ],
)
def test_an_address_is_the_hubs_own_where_it_listens(host: str, address: str, is_own: bool) -> None:
    places = OwnPlaces(BASE, host, 8000)
    assert places.is_led_to(["203.0.113.9", address], 8000) is is_own
    assert not places.is_led_to([address], 8001)


def test_nothing_is_sent_to_the_hub_itself_although_its_network_is_allowed(receiver: Receiver) -> None:
    places = OwnPlaces("http://hub.example.com:8000", "0.0.0.0", receiver.port)
    door = Outbound(allow=LOOPBACK, resolve=Names(["127.0.0.1"]), own_places=places)
    for url, phase in (
        (receiver.url, "none"),
        (receiver.url_as("alias.example.com"), "dns"),
        ("http://hub.example.com:8000/api/v1/events", "none"),
    ):
        error = failure(door, post(url))
        assert (error.fault, error.phase, error.reason, error.was_sent) == ("refused", phase, REFUSAL, False)
    assert receiver.connections == 0
    with Receiver() as other:
        assert door.send(post(other.url)).answer.status == 200
    door.close()


@pytest.mark.parametrize(
    ("url", "is_known"),
    [
        ("http://hub.example.com:8000/api/v1/events", True),
        ("http://127.0.0.1:8001/x", True),
        ("http://LOCALHOST:8001/", True),
        ("http://127.0.0.1:8002/x", False),
        ("http://alias.example.com:8001/", False),
        ("mailto:a@example.com", False),
        ("no url", False),
    ],
)
def test_what_a_url_says_of_it_by_itself_is_known_without_looking_anything_up(
    url: str, is_known: bool
) -> None:
    places = OwnPlaces("http://hub.example.com:8000", "0.0.0.0", 8001)
    door = Outbound(allow=LOOPBACK, resolve=Names([]), own_places=places)
    assert door.leads_home(url) is is_known
    door.close()


def test_a_connection_to_what_lives_beside_the_hub_leads_nobody_into_it(receiver: Receiver) -> None:
    """Both share the host and port, and so the connection."""
    places = OwnPlaces(f"http://example.com:{receiver.port}/hub", "127.0.0.1", 8000)
    door = Outbound(allow=LOOPBACK, resolve=Names(["127.0.0.1"]), own_places=places)
    assert door.send(post(f"http://example.com:{receiver.port}/other")).answer.status == 200
    assert failure(door, post(f"http://example.com:{receiver.port}/hub/api/v1/events")).reason == REFUSAL
    door.close()
