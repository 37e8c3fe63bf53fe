"""Messages between a loop and its helper: whole, in order, whatever the system takes at a time."""

import socket
from collections.abc import Iterator

import pytest

from hub.targets.http.channel import Asked, Begun, Channel, GiveBack, Message
from hub.targets.http.selector import Selector


class End:
    """One end of a channel, and what it was told. The test makes its turns."""

    def __init__(self, end: socket.socket) -> None:
        self.selector = Selector()
        self.came: list[Message] = []
        self.strange: Message | None = None
        self.has_ended = False
        self.channel = Channel(end, self.selector, self.come, self.gone)

    def come(self, message: Message) -> None:
        if message == self.strange:
            raise AssertionError(message)
        self.came.append(message)

    def gone(self) -> None:
        self.has_ended = True

    def turn(self) -> None:
        self.selector.act()
        assert self.selector.wait(lambda: 0) == []

    def close(self) -> None:
        self.channel.close()
        self.selector.close()


@pytest.fixture
def ends() -> Iterator[tuple[End, End]]:
    one, other = map(End, socket.socketpair())
    yield one, other
    one.close()
    other.close()


def asked(number: int, body: bytes = b"{}") -> Asked:
    return Asked(number, "POST", "http://a.example.com/", {"a": "b", "é": "ü"}, body, True, 1.5, 3.0)


def test_what_is_put_in_one_turn_comes_together_and_in_order(ends: tuple[End, End]) -> None:
    one, other = ends
    put: list[Message] = [asked(1), Begun(2), GiveBack(), asked(3, b"")]
    for message in put:
        one.channel.put(message)
    other.turn()
    assert other.came == []
    one.turn()
    other.turn()
    assert other.came == put


def test_more_than_the_system_takes_at_once_goes_on_when_there_is_room(ends: tuple[End, End]) -> None:
    one, other = ends
    put: list[Message] = [asked(n, bytes([n]) * 300_000) for n in range(10)]
    for message in put:
        one.channel.put(message)
    for _ in range(200):
        one.turn()
        other.turn()
    assert other.came == put


def test_an_end_is_told_once_that_the_other_is_gone(ends: tuple[End, End]) -> None:
    one, other = ends
    one.channel.put(Begun(1))
    one.turn()
    one.channel.close()
    other.turn()
    assert (other.came, other.has_ended) == ([Begun(1)], False)
    other.turn()
    assert other.has_ended
    assert not one.has_ended


def test_an_end_that_writes_to_nobody_is_told_so_too(ends: tuple[End, End]) -> None:
    one, other = ends
    other.channel.close()
    one.channel.put(asked(1, b"x" * 100_000))
    assert not one.has_ended, "whoever puts is not yet done with it"
    one.turn()
    assert one.has_ended
    one.channel.put(asked(2, b"x" * 100_000))  # it goes nowhere, and nobody is told again


def test_what_the_other_end_said_before_it_went_is_heard_by_one_that_writes(ends: tuple[End, End]) -> None:
    one, other = ends
    other.channel.put(Begun(1))
    other.turn()
    other.channel.close()
    one.channel.put(asked(1, b"x" * 100_000))
    one.turn()
    one.turn()
    assert (one.came, one.has_ended) == ([Begun(1)], True)


def test_a_text_that_is_none_is_refused_and_spoils_nothing(ends: tuple[End, End]) -> None:
    one, other = ends
    with pytest.raises(UnicodeError):
        one.channel.put(Asked(1, "POST", "http://\ud800", {}, b"", True, 1, 1))
    one.channel.put(Begun(2))
    one.turn()
    other.turn()
    assert other.came == [Begun(2)]


def test_a_message_that_nobody_understands_spoils_no_other(
    ends: tuple[End, End], caplog: pytest.LogCaptureFixture
) -> None:
    one, other = ends
    other.strange = Begun(1)
    one.channel.put(Begun(1))
    one.channel.put(Begun(2))
    one.turn()
    other.turn()
    assert other.came == [Begun(2)]
    assert "fault in a message" in caplog.text
