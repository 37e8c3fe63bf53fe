"""Many filters at once give what each gives by itself, whatever they ask and whatever an event holds."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.rules import filters
from hub.rules.facts import VALUES_MAX, Facts
from hub.rules.filter_index import INDEXED_FROM, TOGETHER_MAX, FilterIndex, Filters
from hub.rules.filters import Filter
from hub.rules.matching import RoutingTable

NAMES = ("a", "b.c", "@type")
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.sampled_from([0.5, 1.0, -0.0, 1e300]),
    st.sampled_from(["", "1", "ab", "true", "story.create", "é"]), st.just(2**53 + 1),
)  # fmt: skip
ORDERED = SCALARS.filter(lambda value: value is not None and not isinstance(value, bool))
TEXTS = st.sampled_from(["a", "b", "1", "story"])
ROWS = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["=", "!="]), SCALARS),
    st.tuples(st.sampled_from(NAMES), st.sampled_from([">", ">=", "<", "<="]), ORDERED),
    st.tuples(st.sampled_from(NAMES), st.just("in"), st.lists(SCALARS, min_size=1, max_size=3)),
    st.tuples(
        st.sampled_from(NAMES), st.sampled_from(["contains", "not_contains", "starts_with", "like"]), TEXTS
    ),
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["exists", "missing"]), st.none()),
)
GROUPS = st.lists(st.lists(ROWS, min_size=1, max_size=4), min_size=1, max_size=3)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.just("c"), inner), max_leaves=8
)
DATA = st.dictionaries(st.sampled_from(["a", "b"]), VALUES)


def filter_of(groups: list[list[tuple[str, str, Any]]]) -> Filter:
    bare = ("exists", "missing")
    found = filters.read({
        "any": [
            {"all": [{"field": f, "op": op} | ({} if op in bare else {"value": v}) for f, op, v in rows]}
            for rows in groups
        ]
    })  # fmt: skip
    assert isinstance(found, Filter), found
    return found


def facts(data: dict[str, Any]) -> Facts:
    return Facts("story.create", 0.0, json.dumps(data).encode())


@settings(max_examples=300, deadline=None)
@given(st.lists(GROUPS, min_size=1, max_size=8), st.lists(DATA, min_size=1, max_size=4))
def test_an_index_agrees_with_each_filter(wanted: list[Any], events: list[dict[str, Any]]) -> None:
    filtered = [(f"hook_{n}", filter_of(groups)) for n, groups in enumerate(wanted)]
    index = FilterIndex(filtered)
    for data in events:
        alone = [hook_id for hook_id, one in filtered if one.holds(facts(data))]
        assert sorted(index.passed(facts(data))) == sorted(alone)


def test_a_list_that_is_longer_than_what_is_looked_at_is_sure_of_nothing() -> None:
    rows = [[[("a", "!=", 7)]], [[("a", "=", 1)]], [[("a", ">", 0)]], [[("a", "not_contains", "x")]]]
    filtered = [(f"hook_{n}", filter_of(groups)) for n, groups in enumerate(rows)]
    index, data = FilterIndex(filtered), {"a": [1] * (VALUES_MAX + 1)}
    assert index.passed(facts(data)) == ["hook_1", "hook_2"]
    assert [hook_id for hook_id, one in filtered if one.holds(facts(data))] == ["hook_1", "hook_2"]


def test_few_filters_and_the_first_event_are_asked_one_by_one_with_the_same_answer() -> None:
    for count in (1, INDEXED_FROM, 3 * INDEXED_FROM, TOGETHER_MAX + 5):
        many = Filters([(f"hook_{n:04}", filter_of([[("a", "=", n % 2)]])) for n in range(count)])
        wanted = [f"hook_{n:04}" for n in range(count) if n % 2 == 0]
        assert [sorted(many.passed(facts({"a": 0}))) for _ in range(5)] == [wanted] * 5
        assert len(many) == count


def test_types_that_the_same_hooks_want_share_one_index_until_a_hook_changes() -> None:
    table = RoutingTable()
    for n in range(3):
        table.put(f"hook_{n}", ["*"], filter_of([[("a", "=", n)]]))
    table.put("hook_3", ["x.*"], filter_of([[("a", "=", 3)]]))
    first = table.candidates("a.b").filtered
    assert table.candidates("a.c").filtered is first
    assert table.candidates("x.y").filtered is not first
    table.put("hook_0", ["*"], filter_of([[("a", "=", 1)]]))
    assert sorted(table.candidates("a.b").wanting(facts({"a": 1}))) == ["hook_0", "hook_1"]
