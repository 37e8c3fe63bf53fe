"""What is under way in one process, and the room that it leaves."""

from hub.engine.in_flight import LATE_MOST_S, InFlight
from hub.rules.fairness import Load
from hub.store.leases import Claim


def claim(
    name: str, hook: str = "a", *, is_slow: bool = False, body_bytes: int = 100, is_ahead: bool = False
) -> Claim:
    return Claim(name, 1, hook, 1, "evt", is_slow, body_bytes, is_ahead=is_ahead)


def test_requests_and_bytes_are_counted_and_slow_ones_have_half() -> None:
    table = InFlight(requests_max=10, bytes_max=1000)
    slow = claim("2", is_slow=True, body_bytes=300)
    table.begin(claim("1"), 0.0)
    table.begin(slow, 0.0)
    room = table.room(None, 0.5, {})
    assert room.total == Load(10, 1000, requests=2, bytes=400)
    assert room.slow == Load(5, 500, requests=1, bytes=300)
    assert not table.is_empty()
    table.end(slow, 1.0, 1.0)
    assert table.room(None, 0.5, {}).slow == Load(5, 500)
    assert table.room(None, 0.5, {}).total == Load(10, 1000, requests=1, bytes=100)
    table.end(claim("1"), 1.0, 1.0)
    assert table.is_empty()


def test_a_request_that_hangs_counts_as_slow_and_names_its_hook_until_it_is_known() -> None:
    table = InFlight(requests_max=10)
    table.begin(claim("1", "hanging"), 0.0)
    table.begin(claim("2", "known", is_slow=True), 0.0)
    table.begin(claim("3", "quick"), 0.9)
    assert table.stalled(0.9) == set()
    assert table.stalled(1.5) == {"hanging"}
    assert table.room(None, 1.5, {}).slow.requests == 2


def test_a_workers_part_of_a_hook_is_told_with_what_it_has_of_it() -> None:
    table = InFlight(requests_max=10)
    table.begin(claim("1", "a"), 0.0)
    table.begin(claim("2", "a"), 0.0)
    assert table.room(4, 0.0, {}).left_of("a") == 2
    assert table.room(4, 0.0, {"a": 1}).left_of("a") == 1, "what is leased ahead will begin by itself"
    assert (table.count("a"), table.count("b")) == (2, 0)
    table.end(claim("2", "a"), 1.0, 1.0)
    assert table.room(4, 0.0, {}).left_of("a") == 3
    assert table.room(4, 0.0, {}).left_of("b") == 4
    assert table.room(None, 0.0, {}).left_of("a") is None


def test_it_is_full_by_requests_or_by_bytes() -> None:
    by_count = InFlight(requests_max=1)
    assert by_count.has_room()
    by_count.begin(claim("1"), 0.0)
    assert not by_count.has_room()
    by_count.end(claim("1"), 1.0, 1.0)
    by_count.end(claim("1"), 1.0, 1.0)  # a second time changes nothing
    assert by_count.has_room()
    by_bytes = InFlight(requests_max=9, bytes_max=150)
    by_bytes.begin(claim("1", body_bytes=5000), 0.0)
    assert not by_bytes.has_room()
    by_bytes.end(claim("1", body_bytes=5000), 1.0, 1.0)
    assert by_bytes.has_room()


def test_what_was_leased_ahead_leaves_a_part_of_the_room_to_claims() -> None:
    table = InFlight(requests_max=4)
    for name in "123":
        assert table.may_go_on(100)
        table.begin(claim(name), 0.0)
    assert not table.may_go_on(100)
    assert table.has_room()


def test_it_names_what_lasts_and_no_row_says_has_begun() -> None:
    table = InFlight()
    table.begin(claim("at once"), 0.0)
    table.begin(claim("ahead", is_ahead=True), 0.25)
    table.begin(claim("just now", is_ahead=True), 1.0)
    assert table.unknown(1.0, 0.1) == {"ahead": 0.75}
    table.know(["ahead", "one that has ended"])
    assert table.unknown(1.0, 0.1) == {}


def test_requests_that_wait_in_the_hub_itself_leave_less_room_to_quick_ones_and_as_much_to_slow_ones() -> (
    None
):
    table = InFlight(requests_max=200)
    for number in range(1000):
        table.begin(claim(str(number)), 1.0)
    for number in range(999):
        table.end(claim(str(number)), 1.2, 0.1)
    for number in range(95):
        assert table.may_go_on(100)
        table.begin(claim(str(number)), 1.2)
    assert not table.may_go_on(100), "three quarters of the smallest window"
    for number in range(96, 188):
        table.begin(claim(str(number), is_slow=True), 1.2)
    assert table.room(None, 1.25, {}).total.free == 12, "of two hundred, with thirty-two left of the window"


def test_receivers_that_keep_all_of_a_window_waiting_keep_no_others_waiting() -> None:
    table = InFlight(requests_max=200)
    for number in range(24):
        assert table.may_go_on(100)
        table.begin(claim(str(number)), 0.0)
    assert not table.may_go_on(100), "three quarters of the first window"
    assert table.stalled(LATE_MOST_S - 0.01) == set()
    assert not table.may_go_on(100)
    assert table.stalled(LATE_MOST_S + 0.01) == set()
    assert table.may_go_on(100), "they wait for their receivers by now"
    for number in range(24):
        table.begin(claim(f"after {number}"), 1.0)
    assert not table.may_go_on(100)
    for number in range(24):
        table.end(claim(str(number)), 1.1, 1.1)
    for number in range(9):
        assert table.may_go_on(100)
        table.begin(claim(f"grown {number}"), 1.1)
    assert not table.may_go_on(100), "the window has grown to 44, and who has left it leaves no place in it"
