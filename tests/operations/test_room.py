"""Room: so many may wait, the next one is told to come again, and whoever leaves makes room."""

import pytest

from hub.errors import Busy
from hub.operations.room import RETRY_AFTER_S, Room


def test_whoever_finds_no_room_is_told_to_come_again() -> None:
    room = Room("hooks are being tested", at_once_max=2)
    with room.taken(), room.taken():
        with pytest.raises(Busy, match="2 other hooks are being tested") as refused, room.taken():
            pass
        assert refused.value.retry_after_s == RETRY_AFTER_S
    with room.taken(), room.taken():
        pass


def test_room_is_given_back_by_whoever_fails() -> None:
    room = Room("hooks are being tested", at_once_max=1)
    with pytest.raises(ZeroDivisionError), room.taken():
        raise ZeroDivisionError
    with room.taken():
        pass
