"""Patterns and the routing table: whatever the table answers, asking every hook by itself must answer the
same.
"""

from hypothesis import given
from hypothesis import strategies as st

from hub.rules import filters
from hub.rules.facts import Facts
from hub.rules.matching import OWN_EVENT_TYPES, RoutingTable, Subscription, is_event_type, is_pattern, matches

WORDS = st.sampled_from(
    ["story", "storyboard", "task", "hook", "addedComment", "create", "disabled", "a", "b_1"]
)
TYPES = st.one_of(
    st.lists(WORDS, min_size=1, max_size=4).map(".".join), st.sampled_from(sorted(OWN_EVENT_TYPES))
)
PATTERNS = st.one_of(st.just("*"), TYPES, TYPES.map(lambda code: code + ".*"))
HOOKS = st.sampled_from([f"hook_{n}" for n in range(6)])


@given(st.lists(st.tuples(HOOKS, st.lists(PATTERNS, max_size=4)), max_size=25), TYPES)
def test_its_answer_is_that_of_asking_every_hook_however_often_they_changed(
    changes: list[tuple[str, list[str]]], code: str
) -> None:
    table = RoutingTable()
    for hook_id, patterns in changes:
        table.put(hook_id, patterns)
    wanted = dict(changes)
    assert table.match(code) == sorted(
        hook for hook, patterns in wanted.items() if Subscription(tuple(patterns)).wants_type(code)
    )


@given(st.sampled_from(sorted(OWN_EVENT_TYPES)))
def test_everything_does_not_mean_the_hubs_own_types(code: str) -> None:
    table = RoutingTable()
    table.put("star", ["*"])
    table.put("all of its own", ["hook.*"])
    table.put("this one", [code])
    assert table.match(code) == ["all of its own", "this one"]
    assert not matches("*", code)


def test_a_prefix_ends_at_a_dot() -> None:
    assert matches("story.*", "story.create")
    assert matches("story.*", "story.task.create")
    assert not matches("story.*", "story")
    assert not matches("story.*", "storyboard.create")


def test_a_hook_that_wants_a_type_twice_gets_it_once() -> None:
    table = RoutingTable()
    table.put("hook_1", ["*", "story.*", "story.create"])
    assert table.match("story.create") == ["hook_1"]


def test_a_filter_decides_among_the_hooks_that_want_the_type() -> None:
    table = RoutingTable()
    assert not table.has_filters
    table.put("hook_1", ["*"], filters.read("state = 3"))
    table.put("hook_2", ["story.*"])
    table.put("hook_3", ["*"], filters.read("state = 2"))
    table.put("hook_4", ["task.*"], filters.read("state = 3"))
    candidates = table.candidates("story.create")
    assert table.has_filters
    assert table.match("story.create") == ["hook_1", "hook_2", "hook_3"]
    assert candidates.wanting(Facts("story.create", 0.0, b'{"state":3}')) == ["hook_1", "hook_2"]
    assert candidates.wanting(Facts("story.create", 0.0, b"{}")) == ["hook_2"]

    table.put("hook_1", ["*"])
    table.put("hook_3", [])
    assert table.candidates("story.create").wanting(Facts("story.create", 0.0, b"{}")) == ["hook_1", "hook_2"]
    assert candidates.wanting(Facts("story.create", 0.0, b"{}")) == ["hook_2"], (
        "they are as they were asked for"
    )


def test_behind_a_filter_that_cannot_be_read_every_event_waits_and_none_is_wanted() -> None:
    broken = filters.stored("state = 3")
    table = RoutingTable()
    table.put("hook_1", ["*"], broken)
    facts = Facts("story.create", 0.0, b'{"state":3}')
    assert table.candidates("story.create").wanting(facts) == ["hook_1"]
    assert not Subscription(("*",), broken).wants(facts)


def test_no_event_is_decoded_where_no_hook_that_wants_its_type_has_a_filter() -> None:
    table = RoutingTable()
    table.put("hook_1", ["task.*"], filters.read("state = 3"))
    table.put("hook_2", ["*"])
    assert table.candidates("story.create").wanting(Facts("story.create", 0.0, b"no JSON")) == ["hook_2"]


def test_a_hook_without_patterns_wants_nothing_any_more() -> None:
    table = RoutingTable()
    table.put("hook_1", ["*"])
    table.put("hook_1", [])
    assert table.match("story.create") == []


def test_what_an_event_type_looks_like() -> None:
    for good in ("story.create", "story.addedComment", "a", "a_1.b2.c", "x" * 128):
        assert is_event_type(good), good
        assert is_pattern(good), good
        assert is_pattern(f"{good}.*"), good
    for bad in (
        "",
        ".",
        "Story",
        "story.",
        ".story",
        "story..create",
        "story.Create",
        "story create",
        "1story",
        "störy",
        "story\n",
        "x" * 129,
    ):
        assert not is_event_type(bad), bad
        assert not is_pattern(bad), bad
    for bad in ("**", "*.*", "*.create", "story.*.*", "story*", ".*", "story.*.create"):
        assert not is_pattern(bad), bad
