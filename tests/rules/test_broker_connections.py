"""The fields of a connection to a broker: what is refused, and with which words."""

from pathlib import Path

import certifi
import pytest

from hub.rules import broker_connections as rules
from tests.rigs.doors import LOOPBACK

CA = Path(certifi.where()).read_text()
ONE_CA = CA[CA.index("-----BEGIN") : CA.index("-----END CERTIFICATE-----") + 25]


@pytest.mark.parametrize("name", ["orders", "a", "rabbit-2", "0", "a" * 63])
def test_a_name_that_fits_into_a_target(name: str) -> None:
    assert rules.name_errors(name) == []


@pytest.mark.parametrize("name", ["", "-a", "Orders", "a.b", "a/b", "a" * 64, "ä", "a\n"])
def test_a_name_that_does_not(name: str) -> None:
    assert [field for field, _ in rules.name_errors(name)] == ["name"]


def test_the_address_is_judged_by_the_policy_for_all_targets() -> None:
    assert rules.url_errors("amqp", "amqp://rabbit.example.com", (), ()) == []
    assert rules.url_errors("amqp", "amqp://127.0.0.1", LOOPBACK, ()) == []
    for url, word in (
        ("amqp://127.0.0.1", "127.0.0.1"),
        ("amqp://rabbit", "local name"),
        ("amqp://rabbit.example.com:22", "Port 22"),
        ("nats://rabbit.example.com", "must begin with amqp"),
        ("amqp://ann:pw@rabbit.example.com", "user name or password"),
    ):
        [(field, message)] = rules.url_errors("amqp", url, (), ())
        assert field == "url"
        assert word in message


def test_a_login_is_plain_text() -> None:
    assert rules.login_errors("ann", "p@ss wörd") == []
    assert rules.login_errors(None, None) == []
    assert [field for field, _ in rules.login_errors("", "a\nb")] == ["username", "password"]


@pytest.mark.parametrize("ca", [None, ONE_CA])
def test_a_certificate_in_pem_is_taken(ca: str | None) -> None:
    assert rules.ca_errors(ca) == []


@pytest.mark.parametrize(
    "ca", ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "ä", "x" * 70_000]
)
def test_what_is_no_certificate_is_refused(ca: str) -> None:
    assert [field for field, _ in rules.ca_errors(ca)] == ["ca"]


def test_a_private_key_is_refused_as_such() -> None:
    assert "private key" in rules.ca_errors("-----BEGIN PRIVATE KEY-----")[0][1]


def test_projects_are_those_that_there_are() -> None:
    assert rules.project_errors(None, ()) == []
    assert rules.project_errors(["SHOP"], {"SHOP"}) == []
    assert rules.project_errors(["SHOP", "NONE", "x"], {"SHOP"}) == [
        ("projects[1]", "there is no project NONE"),
        ("projects[2]", "must be 2 to 10 upper-case letters and digits, beginning with a letter"),
    ]
    assert rules.project_errors([], ())[0][0] == "projects"
    assert rules.project_errors(["SHOP"] * 1001, {"SHOP"})[0][0] == "projects"


def test_the_same_server_is_the_same_however_it_is_written() -> None:
    assert rules.is_same_server("amqp", "amqp://a/x", "amqp://a:5672/y")
    assert not rules.is_same_server("amqp", "amqp://a", "amqp://b")
    assert not rules.is_same_server("amqp", "amqp://a", "amqp://a:1234")
