"""What is under way in one process, and the room that it leaves."""

from hub.engine.in_flight import InFlight
from hub.rules.fairness import Load
from hub.store.leases import Claim


def claim(name: str, hook: str = "a", *, is_slow: bool = False, body_bytes: int = 100) -> Claim:
    return Claim(name, 1, hook, 1, "evt", is_slow, body_bytes)


def test_requests_and_bytes_are_counted_and_slow_ones_have_half() -> None:
    table = InFlight(requests_max=10, bytes_max=1000)
    slow = claim("2", is_slow=True, body_bytes=300)
    table.begin(claim("1"), 0.0)
    table.begin(slow, 0.0)
    room = table.room([], None, 0.5)
    assert room.total == Load(10, 1000, requests=2, bytes=400)
    assert room.slow == Load(5, 500, requests=1, bytes=300)
    assert not table.is_empty()
    assert table.room([slow], None, 0.5).slow == Load(5, 500), "what is being recorded has made room"
    table.end([slow])
    assert table.room([], None, 0.5).total == Load(10, 1000, requests=1, bytes=100)
    table.end([claim("1")])
    assert table.is_empty()


def test_a_request_that_hangs_counts_as_slow_and_names_its_hook_until_it_is_known() -> None:
    table = InFlight(requests_max=10)
    table.begin(claim("1", "hanging"), 0.0)
    table.begin(claim("2", "known", is_slow=True), 0.0)
    table.begin(claim("3", "quick"), 0.9)
    assert table.stalled(0.9) == set()
    assert table.stalled(1.5) == {"hanging"}
    assert table.room([], None, 1.5).slow.requests == 2


def test_a_workers_part_of_a_hook_is_told_with_what_it_has_of_it() -> None:
    table = InFlight(requests_max=10)
    table.begin(claim("1", "a"), 0.0)
    table.begin(claim("2", "a"), 0.0)
    ended = claim("2", "a")
    assert table.room([], 4, 0.0).left_of("a") == 2
    assert table.room([ended], 4, 0.0).left_of("a") == 3
    assert table.room([], 4, 0.0).left_of("b") == 4
    assert table.room([], None, 0.0).left_of("a") is None


def test_it_is_full_by_requests_or_by_bytes() -> None:
    by_count = InFlight(requests_max=1)
    assert by_count.has_room()
    by_count.begin(claim("1"), 0.0)
    assert not by_count.has_room()
    by_count.end([claim("1")])
    by_count.end([claim("1")])  # a second time changes nothing
    assert by_count.has_room()
    by_bytes = InFlight(requests_max=9, bytes_max=150)
    by_bytes.begin(claim("1", body_bytes=5000), 0.0)
    assert not by_bytes.has_room()
    by_bytes.end([claim("1", body_bytes=5000)])
    assert by_bytes.has_room()
