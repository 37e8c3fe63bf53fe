"""Messages between a loop and its helper: whole, in order, whatever the system takes at a time."""

import socket
from collections.abc import Callable, Iterator

import pytest

from hub.targets.http.channel import Asked, Begun, Channel, GiveBack, Message


class Hand:
    """A loop whose turns the test makes."""

    def __init__(self) -> None:
        self.watched: dict[int, tuple[Callable[[], None], bool]] = {}
        self.last: list[Callable[[], None]] = []

    def before_waiting(self, what: Callable[[], None]) -> None:
        self.last.append(what)

    def watch(self, descriptor: int, act: Callable[[], None], *, for_room: bool = False) -> None:
        self.watched[descriptor] = act, for_room

    def unwatch(self, descriptor: int) -> None:
        del self.watched[descriptor]

    def turn(self) -> None:
        while self.last:
            self.last.pop(0)()
        for act, _ in list(self.watched.values()):
            act()


class End:
    """One end of a channel, and what it was told."""

    def __init__(self, end: socket.socket) -> None:
        self.hand = Hand()
        self.came: list[Message] = []
        self.strange: Message | None = None
        self.has_ended = False
        self.channel = Channel(end, self.hand, self.come, self.gone)

    def come(self, message: Message) -> None:
        if message == self.strange:
            raise AssertionError(message)
        self.came.append(message)

    def gone(self) -> None:
        self.has_ended = True

    @property
    def waits_for_room(self) -> bool:
        return any(for_room for _, for_room in self.hand.watched.values())


@pytest.fixture
def ends() -> Iterator[tuple[End, End]]:
    one, other = map(End, socket.socketpair())
    yield one, other
    one.channel.close()
    other.channel.close()


def asked(number: int, body: bytes = b"{}") -> Asked:
    return Asked(number, "POST", "http://a.example.com/", {"a": "b", "é": "ü"}, body, True, 1.5, 3.0)


def test_what_is_put_in_one_turn_comes_together_and_in_order(ends: tuple[End, End]) -> None:
    one, other = ends
    put: list[Message] = [asked(1), Begun(2), GiveBack(), asked(3, b"")]
    for message in put:
        one.channel.put(message)
    other.hand.turn()
    assert other.came == []
    one.hand.turn()
    other.hand.turn()
    assert other.came == put


def test_more_than_the_system_takes_at_once_goes_on_when_there_is_room(ends: tuple[End, End]) -> None:
    one, other = ends
    put: list[Message] = [asked(n, bytes([n]) * 300_000) for n in range(10)]
    for message in put:
        one.channel.put(message)
    assert one.waits_for_room
    for _ in range(200):
        one.hand.turn()
        other.hand.turn()
    assert other.came == put
    assert not one.waits_for_room


def test_an_end_is_told_once_that_the_other_is_gone(ends: tuple[End, End]) -> None:
    one, other = ends
    one.channel.put(Begun(1))
    one.hand.turn()
    one.channel.close()
    other.hand.turn()
    assert (other.came, other.has_ended) == ([Begun(1)], False)
    other.hand.turn()
    assert other.has_ended
    assert other.hand.watched == {}
    assert not one.has_ended


def test_an_end_that_writes_to_nobody_is_told_so_too(ends: tuple[End, End]) -> None:
    one, other = ends
    other.channel.close()
    one.channel.put(asked(1, b"x" * 100_000))
    assert one.has_ended
    one.channel.put(asked(2, b"x" * 100_000))  # it goes nowhere, and nobody is told again


def test_a_text_that_is_none_is_refused_and_spoils_nothing(ends: tuple[End, End]) -> None:
    one, other = ends
    with pytest.raises(UnicodeError):
        one.channel.put(Asked(1, "POST", "http://\ud800", {}, b"", True, 1, 1))
    one.channel.put(Begun(2))
    one.hand.turn()
    other.hand.turn()
    assert other.came == [Begun(2)]


def test_a_message_that_nobody_understands_spoils_no_other(
    ends: tuple[End, End], caplog: pytest.LogCaptureFixture
) -> None:
    one, other = ends
    other.strange = Begun(1)
    one.channel.put(Begun(1))
    one.channel.put(Begun(2))
    one.hand.turn()
    other.hand.turn()
    assert other.came == [Begun(2)]
    assert "fault in a message" in caplog.text
