"""Fairness: examples of each bound, then any lanes, any queue and any room against what must always hold."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.rules.fairness import Ahead, Lane, Load, Pick, Room, Waiting, pick

PLENTY = 10**9


def room(
    free: int = 100,
    slow: int | None = None,
    bytes_max: int = PLENTY,
    slow_bytes_max: int = PLENTY,
    **more: object,
) -> Room:
    return Room(Load(free, bytes_max), Load(free if slow is None else slow, slow_bytes_max), **more)  # type: ignore[arg-type]


def rows(
    hook_id: str, count: int, *, attempts: int = 0, body_bytes: int = 10, start: int = 0
) -> list[Waiting]:
    return [
        Waiting(f"{start + n:03d}{hook_id}", hook_id, f"evt{n}", attempts, body_bytes) for n in range(count)
    ]


def hooks_of(picks: Sequence[Pick]) -> list[str]:
    return [one.row.hook_id for one in picks]


def test_every_hooks_first_goes_before_any_hooks_second() -> None:
    waiting = [*rows("a", 5), *rows("b", 2, start=50), *rows("c", 1, start=90)]
    picks = pick([Lane(hook_id, 8) for hook_id in "abc"], waiting, room(5))
    assert hooks_of(picks) == ["a", "b", "c", "a", "b"]


def test_the_least_tried_goes_first_and_of_those_the_oldest() -> None:
    tried, fresh = rows("a", 1, attempts=3), rows("a", 2, start=50)
    picks = pick([Lane("a", 8)], [*tried, *reversed(fresh)], room())
    assert [one.row for one in picks] == [*fresh, *tried]


def test_a_hook_gets_no_more_than_its_allowance() -> None:
    assert len(pick([Lane("a", 3)], rows("a", 10), room())) == 3
    assert pick([Lane("a", 0)], rows("a", 10), room()) == []


def test_a_worker_takes_no_more_than_its_part_of_a_hook() -> None:
    lanes, waiting = [Lane("a", 8), Lane("b", 8)], [*rows("a", 8), *rows("b", 8)]
    picks = pick(lanes, waiting, room(hook_part=4, under_way={"a": 1, "b": 6}))
    assert hooks_of(picks) == ["a"] * 3


def test_slow_hooks_share_their_part_and_leave_the_rest() -> None:
    lanes = [Lane("s", 8, is_slow=True), Lane("t", 8, is_slow=True), Lane("q", 8)]
    waiting = [*rows("s", 8), *rows("t", 8), *rows("q", 8)]
    picks = pick(lanes, waiting, room(10, slow=3))
    assert Counter(hooks_of(picks)) == {"q": 7, "s": 2, "t": 1}
    assert {one.row.hook_id for one in picks if one.is_slow} == {"s", "t"}


def test_a_hook_that_never_succeeded_has_one_request_outside_of_the_slow_ones_part() -> None:
    new = Lane("n", 8, is_proven=False)
    assert [one.is_slow for one in pick([new], rows("n", 4), room(slow=2))] == [False, True, True]
    assert [one.is_slow for one in pick([new], rows("n", 4), room(slow=0))] == [False]
    busy = Lane("n", 7, in_flight=1, is_proven=False)
    assert pick([busy], rows("n", 4), room(slow=0)) == []


def test_bytes_are_a_bound_and_what_is_too_large_for_any_room_goes_alone() -> None:
    waiting = rows("a", 4, body_bytes=1000)
    assert len(pick([Lane("a", 8)], waiting, room(bytes_max=2500))) == 2
    huge = rows("a", 2, body_bytes=5000)
    assert len(pick([Lane("a", 8)], huge, room(bytes_max=2500))) == 1
    under_way = Room(Load(100, 2500, requests=1, bytes=10), Load(50, 2500))
    assert pick([Lane("a", 8)], huge, under_way) == [], "not while something else is under way"


def test_large_payloads_of_slow_hooks_leave_bytes_to_the_quick_ones() -> None:
    lanes = [Lane("s", 8, is_slow=True), Lane("q", 8)]
    waiting = [*rows("s", 8, body_bytes=1000), *rows("q", 8, body_bytes=1000)]
    picks = pick(lanes, waiting, room(bytes_max=6000, slow_bytes_max=3000))
    assert Counter(hooks_of(picks)) == {"s": 3, "q": 3}


def test_smaller_ones_do_not_pass_a_large_one_by_for_ever() -> None:
    """It waits at the head until what is under way has made room for it; everything behind it waits too."""
    waiting = [*rows("a", 1, body_bytes=2000), *rows("b", 3, body_bytes=10, start=1)]
    full = Room(Load(100, 2500, requests=1, bytes=1000), Load(50, 2500))
    assert pick([Lane("a", 8), Lane("b", 8)], waiting, full) == []
    slow = [Lane("a", 8, is_slow=True), Lane("b", 8, is_slow=True), Lane("c", 8)]
    part = Room(Load(100, 9000, requests=1, bytes=1000), Load(50, 2500, requests=1, bytes=1000))
    assert hooks_of(pick(slow, [*waiting, *rows("c", 1, start=2)], part)) == ["c"], "quick ones pass it"


def test_while_the_hub_suspects_its_network_every_host_gets_one_probe() -> None:
    lanes = [Lane("a", 8, host="x"), Lane("b", 8, host="x"), Lane("c", 8, host="y"), Lane("d", 8, host="z")]
    waiting = [row for hook_id in "abcd" for row in rows(hook_id, 4)]
    assert hooks_of(pick(lanes, waiting, room(probed_hosts=frozenset("z")))) == ["a", "c"]
    assert pick(lanes, waiting, room(probed_hosts=frozenset("xyz"))) == []
    assert len(pick(lanes, waiting, room())) == 16


def test_of_a_hook_that_is_well_more_is_taken_than_may_begin_every_hooks_first_before_any_hooks_second() -> (
    None
):
    lanes = [Lane("a", 2, may_run=True), Lane("b", 2, may_run=True), Lane("c", 2)]
    waiting = [row for hook_id in "abc" for row in rows(hook_id, 9)]
    picks = pick(lanes, waiting, room(ahead=Ahead(100, PLENTY, 3, PLENTY, held={"b": (1, 0)})))
    assert Counter(hooks_of(picks)) == {"a": 5, "b": 3, "c": 2}
    assert hooks_of(picks) == [*"abcabcabaa"]
    assert [one.is_ahead for one in picks] == [False] * 6 + [True] * 4


def test_what_is_leased_ahead_needs_no_request_but_is_bounded_by_rows_and_bytes() -> None:
    lanes = [Lane("a", 0, in_flight=8, may_run=True), Lane("b", 0, in_flight=8, may_run=True)]
    waiting = [*rows("a", 9), *rows("b", 9)]

    def taken(ahead: Ahead) -> int:
        return len(pick(lanes, waiting, room(0, ahead=ahead)))

    assert taken(Ahead(100, PLENTY, 5, PLENTY)) == 10
    assert taken(Ahead(7, PLENTY, 5, PLENTY)) == 7
    assert taken(Ahead(100, 45, 5, PLENTY)) == 4
    assert taken(Ahead(100, PLENTY, 5, 25)) == 4
    assert taken(Ahead(100, PLENTY, 5, 25, held={"a": (5, 20)})) == 2
    assert len(pick(lanes, waiting, room(0))) == 0


def test_one_that_may_not_wait_ends_what_is_taken_ahead() -> None:
    waiting = [replace(row, may_wait=n != 3) for n, row in enumerate(rows("a", 6))]
    picks = pick([Lane("a", 2, may_run=True)], waiting, room(ahead=Ahead(100, PLENTY, 5, PLENTY)))
    assert [one.row for one in picks] == waiting[:3]
    assert len(pick([Lane("a", 4, may_run=True)], waiting, room(ahead=Ahead(9, PLENTY, 5, PLENTY)))) == 6


def test_where_workers_share_the_hooks_nothing_is_taken_ahead_of_one_that_had_no_room_to_begin() -> None:
    waiting = [*rows("a", 5), *rows("b", 5)]
    lanes = [Lane("a", 2, may_run=True), Lane("b", 2, may_run=True)]
    picks = pick(lanes, waiting, room(3, ahead=Ahead(100, PLENTY, 10, PLENTY, workers=2)))
    assert Counter(hooks_of(picks)) == {"a": 5, "b": 1}


def test_a_worker_that_has_the_hooks_to_itself_leases_ahead_what_it_has_no_room_to_begin() -> None:
    waiting = [*rows("a", 5), *rows("b", 5), *rows("c", 5)]
    lanes = [Lane("a", 2, may_run=True), Lane("b", 2, may_run=True), Lane("c", 2)]
    picks = pick(lanes, waiting, room(3, ahead=Ahead(100, PLENTY, 5, PLENTY)))
    assert [(one.row.hook_id, one.is_ahead) for one in picks[:6]] == [
        *(("a", False), ("b", False), ("c", False)),
        *(("a", True), ("b", True), ("a", True)),
    ]
    assert Counter(hooks_of(picks)) == {"a": 5, "b": 5, "c": 1}, "one that is not well waits for its turn"
    bounded = pick(lanes, waiting, room(0, ahead=Ahead(3, PLENTY, 5, PLENTY)))
    assert hooks_of(bounded) == ["a", "b", "a"]
    assert all(one.is_ahead for one in bounded)


def test_workers_that_share_a_hook_begin_each_their_part_of_it_whatever_the_others_have_leased() -> None:
    ahead = Ahead(100, PLENTY, 3, PLENTY, part=2)
    lane = Lane("a", 0, in_flight=40, may_run=True)
    picks = pick([lane], rows("a", 9), room(ahead=ahead, hook_part=2, under_way={"a": 1}))
    assert [one.is_ahead for one in picks] == [False, True, True, True]
    assert not [one for one in picks if one.is_slow]
    assert pick([Lane("a", 0, in_flight=40)], rows("a", 9), room(ahead=ahead, hook_part=2)) == []


def test_a_claim_takes_no_more_rows_than_its_turn_may() -> None:
    waiting = [*rows("a", 5), *rows("b", 5)]
    assert hooks_of(pick([Lane("a", 8), Lane("b", 8)], waiting, room(rows_max=3))) == ["a", "b", "a"]


HOOKS = "abcdef"
lanes_of = st.fixed_dictionaries(
    {
        hook_id: st.builds(
            Lane,
            st.just(hook_id),
            st.integers(0, 8),
            st.integers(0, 8),
            st.booleans(),
            st.booleans(),
            may_run=st.booleans(),
        ).map(lambda lane: replace(lane, may_run=lane.may_run and lane.is_proven and not lane.is_slow))
        for hook_id in HOOKS
    }
)
queues = st.lists(
    st.tuples(st.sampled_from(HOOKS), st.integers(0, 3), st.sampled_from([0, 1, 10, 400, 2000])), max_size=60
).map(
    lambda drawn: [
        Waiting(f"{n:03d}", hook_id, f"evt{n}", attempts, body_bytes)
        for n, (hook_id, attempts, body_bytes) in enumerate(drawn)
    ]
)


@st.composite
def rooms(draw: st.DrawFn) -> Room:
    requests_max = draw(st.integers(0, 40))
    bytes_max = draw(st.sampled_from([0, 100, 1000, PLENTY]))
    requests = draw(st.integers(0, requests_max))
    slow = draw(st.integers(0, requests))
    bytes_ = draw(st.integers(0, 1200)) if requests else 0
    total = Load(requests_max, bytes_max, requests, bytes_)
    slow_bytes = draw(st.integers(0, bytes_)) if slow else 0
    part = draw(st.none() | st.integers(0, 4))
    under_way = draw(st.dictionaries(st.sampled_from(HOOKS), st.integers(0, 4)))
    return Room(total, Load(requests_max // 2, bytes_max // 2, slow, slow_bytes), part, under_way)


def most_of(lane: Lane, given_room: Room) -> int:
    left = given_room.left_of(lane.hook_id)
    return lane.allowance if left is None else min(left, lane.allowance)


@given(lanes_of, queues, rooms())
def test_no_bound_is_ever_passed(lanes: dict[str, Lane], waiting: list[Waiting], given_room: Room) -> None:
    picks = pick(lanes.values(), waiting, given_room)
    ids = [one.row.delivery_id for one in picks]
    assert len(ids) == len(set(ids))
    assert all(one.row in waiting for one in picks)
    assert len(picks) <= given_room.total.free
    slow = [one for one in picks if one.is_slow]
    assert len(slow) <= given_room.slow.free
    for taken, load in ((picks, given_room.total), (slow, given_room.slow)):
        sizes = [one.row.body_bytes for one in taken]
        fits = load.bytes + sum(sizes) <= load.bytes_max
        is_alone = load.bytes == 0 and sum(size > 0 for size in sizes) == 1
        assert fits or is_alone or sum(sizes) == 0
    for hook_id, count in Counter(hooks_of(picks)).items():
        lane = lanes[hook_id]
        assert count <= most_of(lane, given_room)
        quick = sum(not one.is_slow for one in picks if one.row.hook_id == hook_id)
        assert quick <= lane.quick_allowance


@given(lanes_of, queues, rooms())
def test_each_hooks_least_tried_go_first_and_every_hooks_first_before_any_hooks_second(
    lanes: dict[str, Lane], waiting: list[Waiting], given_room: Room
) -> None:
    picks = pick(lanes.values(), waiting, given_room)
    ranks = []
    seen: Counter[str] = Counter()
    for hook_id in HOOKS:
        queue = sorted((row.attempts, row.delivery_id) for row in waiting if row.hook_id == hook_id)
        taken = [(one.row.attempts, one.row.delivery_id) for one in picks if one.row.hook_id == hook_id]
        assert taken == queue[: len(taken)], "from the head of its queue, none passed over"
    for one in picks:
        seen[one.row.hook_id] += 1
        ranks.append(seen[one.row.hook_id])
    assert ranks == sorted(ranks)


@given(
    lanes_of,
    queues,
    rooms(),
    st.integers(0, 9),
    st.integers(0, 3),
    st.sampled_from([0, 500, PLENTY]),
    st.integers(1, 2),
)
def test_what_is_leased_ahead_takes_nothing_from_what_may_begin(
    lanes: dict[str, Lane],
    waiting: list[Waiting],
    given_room: Room,
    most: int,
    of_hook: int,
    bytes_max: int,
    workers: int,
) -> None:
    ahead = Ahead(most, bytes_max, of_hook, PLENTY, workers=workers)
    picks = pick(lanes.values(), waiting, replace(given_room, ahead=ahead))
    begin = [one for one in picks if not one.is_ahead]
    assert begin == pick(lanes.values(), waiting, given_room)
    wait = [one for one in picks if one.is_ahead]
    assert len(wait) <= most
    assert sum(one.row.body_bytes for one in wait) <= bytes_max
    assert all(lanes[one.row.hook_id].may_run for one in wait)
    for hook_id, count in Counter(hooks_of(wait)).items():
        unused = most_of(lanes[hook_id], given_room) - hooks_of(begin).count(hook_id)
        assert count <= of_hook + (unused if workers == 1 else 0)
    for hook_id in HOOKS:
        queue = sorted((row.attempts, row.delivery_id) for row in waiting if row.hook_id == hook_id)
        taken = [(one.row.attempts, one.row.delivery_id) for one in picks if one.row.hook_id == hook_id]
        assert taken == queue[: len(taken)], "from the head of its queue, none passed over"


@given(lanes_of, queues, rooms(), st.randoms(use_true_random=False))
def test_the_order_in_which_rows_were_read_does_not_matter(
    lanes: dict[str, Lane], waiting: list[Waiting], given_room: Room, chance: object
) -> None:
    shuffled, order = list(waiting), list(lanes.values())
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    chance.shuffle(order)  # type: ignore[attr-defined]
    assert pick(order, shuffled, given_room) == pick(lanes.values(), waiting, given_room)


@given(lanes_of, queues, rooms())
def test_room_is_not_left_empty_while_somebody_may_use_it(
    lanes: dict[str, Lane], waiting: list[Waiting], given_room: Room
) -> None:
    """Bytes aside: those may be kept for a large one at the head."""
    ample = Room(
        Load(given_room.total.requests_max, PLENTY, given_room.total.requests),
        Load(given_room.slow.requests_max, PLENTY, given_room.slow.requests),
        given_room.hook_part,
        given_room.under_way,
    )
    picks = pick(lanes.values(), waiting, ample)
    if len(picks) == ample.total.free:
        return
    got, length = Counter(hooks_of(picks)), Counter(row.hook_id for row in waiting)
    for lane in lanes.values():
        if got[lane.hook_id] == min(length[lane.hook_id], most_of(lane, ample)):
            continue
        assert got[lane.hook_id] >= lane.quick_allowance, "what waits of it counts as slow"
        assert sum(one.is_slow for one in picks) == ample.slow.free


@given(lanes_of, queues, rooms())
def test_slow_hooks_take_nothing_from_the_quick_ones_beyond_their_part(
    lanes: dict[str, Lane], waiting: list[Waiting], given_room: Room
) -> None:
    """The bulkhead: whatever waits for slow hooks, quick ones get all that they would get alone in the
    rest.
    """
    ample = Room(
        Load(given_room.total.requests_max, PLENTY, given_room.total.requests),
        Load(given_room.slow.requests_max, PLENTY, given_room.slow.requests),
    )
    rest = Room(
        Load(max(0, ample.total.free - ample.slow.free), PLENTY),
        Load(0, PLENTY),
    )
    alone = pick(lanes.values(), [row for row in waiting if not lanes[row.hook_id].is_slow], rest)
    together = [one for one in pick(lanes.values(), waiting, ample) if not one.is_slow]
    assert len(together) >= len(alone)


@given(lanes_of, queues)
def test_one_that_waits_at_the_head_gets_through_in_the_end(
    lanes: dict[str, Lane], waiting: list[Waiting]
) -> None:
    """Whatever its size, once what is under way has ended."""
    empty = Room(Load(4, 1000), Load(2, 500))
    allowed = [row for row in waiting if lanes[row.hook_id].allowance]
    if not allowed:
        assert pick(lanes.values(), waiting, empty) == []
        return
    assert pick(lanes.values(), waiting, empty)
