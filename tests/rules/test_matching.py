"""Patterns and the routing table: whatever the table answers, asking every hook by itself must answer the
same.
"""

from hypothesis import given
from hypothesis import strategies as st

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
        hook for hook, patterns in wanted.items() if Subscription(tuple(patterns)).wants(code)
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
