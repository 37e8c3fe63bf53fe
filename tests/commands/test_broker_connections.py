"""`hookhub connection`."""

import pytest

from tests.rigs.commands import lines_of, query, run
from tests.rigs.ports import free_port


def test_a_connection_is_made_listed_and_deleted_and_its_password_comes_by_the_input(data: str) -> None:
    run("project", "create", "TRAVEL", "--data", data)
    code, out, err = run(
        "connection", "create", "orders", "amqp", "amqps://rabbit.example.com/shop",
        "--username", "ann", "--password", "--project", "TRAVEL", "--data", data, stdin="s3cret\n",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert out.startswith("con_")
    [[name, kind, url, projects, _, error]] = lines_of("connection", "list", "--data", data)
    assert (name, kind, url, projects, error) == (
        "orders",
        "amqp",
        "amqps://rabbit.example.com/shop",
        "TRAVEL",
        "-",
    )
    [(sealed,)] = query(data, "SELECT password FROM broker_connection")
    assert sealed
    assert "s3cret" not in str(sealed)
    assert run("connection", "delete", "orders", "--yes", "--data", data)[0] == 0
    assert lines_of("connection", "list", "--data", data) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Orders", "amqp", "amqp://rabbit.example.com"), "NAME: must be 1 to 63 lower-case letters"),
        (("orders", "amqp", "amqp://127.0.0.1"), "URL: 127.0.0.1"),
        (("orders", "pigeon", "amqp://rabbit.example.com"), "pigeon"),
    ],
)
def test_what_cannot_be_made_is_told(data: str, arguments: tuple[str, ...], words: str) -> None:
    run("project", "create", "TRAVEL", "--data", data)
    code, _, err = run("connection", "create", *arguments, "--data", data)
    assert code == 2
    assert words in err


def test_a_test_says_why_it_does_not_work(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_OUTBOUND_ALLOW", "127.0.0.0/8")
    run("project", "create", "TRAVEL", "--data", data)
    run("connection", "create", "bus", "nats", f"nats://127.0.0.1:{free_port()}", "--data", data)
    code, _, err = run("connection", "test", "bus", "--data", data)
    assert code == 1
    assert "NATS is not to be had" in err
    assert run("connection", "test", "none", "--data", data)[0] == 1
