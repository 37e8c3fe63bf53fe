"""Filters: what is written means the same either way, and what holds is what the table in docs says."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.rules import facts as facts_module
from hub.rules import filters
from hub.rules.facts import NODES_MAX, VALUES_MAX, Facts
from hub.rules.filter_rows import LOOKED_AT_MAX, OPERATORS
from hub.rules.filters import Filter, Unreadable

EVENT: dict[str, Any] = {
    "state": 2,
    "name": "Checkout flow",
    "done": True,
    "estimate": None,
    "tags": ["urgent", "shop"],
    "none": [],
    "feature": {"name": "Checkout", "rank": 1.5},
    "tasks": [{"state": 1, "people": [{"name": "Ada"}]}, {"state": 2, "people": []}, "no object"],
    "grid": [[1, 2], [3, [4]]],
    "data": {"data": "below"},
    "a b": {"c.d": "quoted"},
    "@id": "LD",
    "7": "seven",
    "at": "2026-11-25T10:00:00Z",
}


def facts_of(data: object = EVENT, source: str | None = None) -> Facts:
    return Facts("story.update", 0.0, json.dumps(data).encode(), source)


def holds(text: str, data: object = EVENT) -> bool:
    found = filters.read(text)
    assert isinstance(found, Filter), found
    return found.holds(facts_of(data))


@pytest.mark.parametrize(
    "row",
    [
        "state = 2", "state = 2.0", "state != 3", 'state != "2"', "state > 1", "state >= 2", "state < 2.5", "state <= 2",
        'state in [1, "2", 2]', 'name in ["Checkout flow"]', "done = true", "done != 1", "estimate = null", "estimate exists",
        'name contains "out f"', 'name not_contains "urgent"', 'name starts_with "Check"', 'name ends_with "flow"',
        'name like "*out*w"', 'name like "Ch?ck*"', 'name like "*"', 'name like "?heckout flo?"',
        'tags = "shop"', 'tags contains "rgen"', 'tags != "calm"', "none exists", 'none != "x"', "gone missing", "gone != 1",
        'gone not_contains "x"', "feature.rank < 2", 'data.feature.name = "Checkout"', "feature exists", "feature != 1",
        "tasks.state = 2", "tasks.0.state = 1", 'tasks.people.name = "Ada"', 'tasks.0.people.0.name = "Ada"', "tasks.9 missing",
        "grid = 4", "grid.1.0 = 3", "grid.1 = 4", 'data.data.data = "below"', '"a b"."c.d" = "quoted"', '"@id" = "LD"',
        '7 = "seven"', 'at > "2026-11-25T09:59:59Z"', '@type = "story.update"', '@occurred_at < "2026"', "@source missing",
        "state=2", "state>=2", "state = 9\nor\nstate = 2", "state = 2\nname exists",
    ],
)  # fmt: skip
def test_a_row_holds(row: str) -> None:
    assert holds(row)


@pytest.mark.parametrize(
    "row",
    [
        'state = "2"', "state = true", "done = 1", 'state > "1"', "name > 1", "estimate = false", "estimate > 0", "gone = null",
        "gone exists", "state missing", "none missing", 'tags != "urgent"', 'tags not_contains "shop"', 'tags contains "URGENT"',
        'name like "out"', 'name like "Ch?ckout"', 'name = "checkout flow"', 'state contains "2"', "feature = 1",
        "tasks.1.state = 1", "tasks.-1.state missing\nstate = 3", "tasks.people.9 exists", "@source exists", "done > 0",
        "state = 2\nstate = 3", "state = 9\nor\nstate = 8",
    ],
)  # fmt: skip
def test_a_row_does_not_hold(row: str) -> None:
    assert not holds(row)


NAMES = st.one_of(
    st.sampled_from(["state", "tasks", "7", "data", "größe", "or"]),
    st.text(min_size=1, max_size=6).map(json.dumps),
)
FIELDS = st.one_of(
    st.lists(NAMES, min_size=1, max_size=3).map(".".join),
    st.sampled_from(["@type", "@occurred_at", "@source"]),
)
TEXTS = st.text(min_size=1, max_size=20)
NUMBERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
ROWS = st.one_of(
    st.fixed_dictionaries({"field": FIELDS, "op": st.sampled_from(["=", "!="]), "value": SCALARS}),
    st.fixed_dictionaries({"field": FIELDS, "op": st.sampled_from(["<", ">="]), "value": st.one_of(TEXTS, NUMBERS)}),
    st.fixed_dictionaries({"field": FIELDS, "op": st.just("in"), "value": st.lists(SCALARS, min_size=1, max_size=4)}),
    st.fixed_dictionaries({"field": FIELDS, "op": st.sampled_from(["like", "contains", "starts_with"]), "value": TEXTS}),
    st.fixed_dictionaries({"field": FIELDS, "op": st.sampled_from(["exists", "missing"])}),
)  # fmt: skip
OBJECTS = st.lists(
    st.lists(ROWS, min_size=1, max_size=3).map(lambda rows: {"all": rows}), min_size=1, max_size=3
).map(lambda groups: {"any": groups})


@given(OBJECTS)
def test_rows_become_text_and_come_back_the_same(given_object: dict[str, Any]) -> None:
    made = filters.read(given_object)
    assert isinstance(made, Filter), made
    assert json.dumps(made.object, sort_keys=True) == json.dumps(given_object, sort_keys=True)
    again = filters.read(made.text)
    assert isinstance(again, Filter), again
    assert (again, again.text) == (made, made.text)
    assert filters.stored(made.json) == made


JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)


@given(OBJECTS, st.dictionaries(NAMES, JSON, max_size=4))
def test_it_says_which_row_failed_exactly_when_it_does_not_hold(
    given_object: dict[str, Any], data: dict[str, Any]
) -> None:
    made = filters.read(given_object)
    assert isinstance(made, Filter)
    facts = facts_of(data)
    failed = made.failed(facts)
    assert (failed is None) == made.holds(facts)


@given(st.text(alphabet="ab", max_size=12), st.text(alphabet="ab*?", min_size=1, max_size=8))
def test_like_agrees_with_the_plain_definition(text: str, pattern: str) -> None:
    def fits(text: str, pattern: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return fits(text, pattern[1:]) or (bool(text) and fits(text[1:], pattern))
        return bool(text) and pattern[0] in ("?", text[0]) and fits(text[1:], pattern[1:])

    assert holds(f"name like {json.dumps(pattern)}", {"name": text}) == fits(text, pattern)


@pytest.mark.parametrize(
    ("raw", "path", "words"),
    [
        ([], "filter", "object such as"),
        ({}, "filter.any", "is missing"),
        ({"any": []}, "filter.any", "no row"),
        ({"any": [{"all": []}]}, "filter.any[0].all", "no row"),
        ({"all": []}, "filter.all", "not known"),
        ({"any": [{"all": [7]}]}, "filter.any[0].all[0]", "must be a row"),
        ({"any": [{"all": [{"field": "a", "op": "exists"}, {"op": "="}]}]}, "filter.any[0].all[1].field", "missing"),
        ({"any": [{"all": [{"field": "a", "op": "==", "value": 1}]}]}, "filter.any[0].all[0].op", "must be ="),
        ({"any": [{"all": [{"field": "a", "op": "regex", "value": 1}]}]}, "filter.any[0].all[0].op", "one of"),
        ({"any": [{"all": [{"field": "a", "op": "=", "val": 1}]}]}, "filter.any[0].all[0].val", "not known"),
        ({"any": [{"all": [{"field": "a", "op": "=", "value": {}}]}]}, "filter.any[0].all[0].value", "must be a text"),
        ({"any": [{"all": [{"field": "a..b", "op": "exists"}]}]}, "filter.any[0].all[0].field", "joined by dots"),
        ({"any": [{"all": [{"field": "a\u00a0b", "op": "exists"}]}]}, "filter.any[0].all[0].field", "quotation marks"),
        ({"any": [{"all": [{"field": "@id", "op": "exists"}]}]}, "filter.any[0].all[0].field", "@type"),
        ({"any": [{"all": [{"field": "a", "op": "exists"}] * 31}]}, "filter.any[0].all", "30"),
        ({"any": [{"all": [{"field": "a", "op": "exists"}] * 16}] * 2}, "filter", "32 rows"),
        ({"any": [{"all": [{"field": "a", "op": "="}]}]}, "filter.any[0].all[0].value", "is missing"),
        ("", "filter", "is empty"),
        ("a = 1\nor", "filter.any[1].all", "between rows"),
        ("a = 1\na = done", "filter.any[0].all[1].value", 'line 2: texts stand in quotation marks: "done"'),
        ("a = 1 and b = 2", "filter.any[0].all[0].value", "line of its own"),
        ("a", "filter.any[0].all[0].op", "line 1: write an operator"),
        ("a >> 3", "filter.any[0].all[0].op", "missing, not >>"),
        ("= 3", "filter.any[0].all[0].field", "begin with a field"),
        ("a =", "filter.any[0].all[0].value", "write a value"),
        ("a = NaN", "filter.any[0].all[0].value", "quotation"),
        ("a > true", "filter.any[0].all[0].value", "line 1: must be a number"),
        ("a like 3", "filter.any[0].all[0].value", "text"),
        ("a exists 3", "filter.any[0].all[0].value", "left out"),
        ("a in 3", "filter.any[0].all[0].value", "list"),
        ('a = "\\ud800"', "filter.any[0].all[0].value", "surrogate"),
        (f'a like "{"*" * 201}"', "filter.any[0].all[0].value", "200"),
        (f"a = {2**63}", "filter.any[0].all[0].value", "64 bits"),
        ("a = 1e999", "filter.any[0].all[0].value", "finite"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_by_its_path(raw: object, path: str, words: str) -> None:
    found = filters.read(raw)
    assert isinstance(found, Unreadable)
    assert found.errors[0][0] == path
    assert words in found.errors[0][1]


def test_several_errors_are_named_at_once() -> None:
    found = filters.read(
        {"any": [{"all": [{"field": "", "op": "~", "value": 1}, {"field": "a", "op": "in"}]}]}
    )
    assert isinstance(found, Unreadable)
    assert [path for path, _ in found.errors] == [
        "filter.any[0].all[0].field",
        "filter.any[0].all[0].op",
        "filter.any[0].all[1].value",
    ]


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = filters.read(text)
    stored = filters.stored(text)
    assert isinstance(found, Filter | Unreadable)
    assert isinstance(stored, Filter | Unreadable)
    if isinstance(stored, Unreadable):
        assert stored.failed(facts_of()).reason.endswith("cannot be read)")
        assert "row" not in stored.failed(facts_of()).reason_unseen


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("name exists\nstate = 3", "filter.any[0].all[1]", "the filter's row state = 3 failed (found 2)"),
        ("state = 3\nor\nstate = 4", "filter.any[0].all[0]", "the filter's row state = 3 failed (found 2)"),
        ("gone = 3", "filter.any[0].all[0]", "the filter's row gone = 3 failed (found no such field)"),
        ("none = 3", "filter.any[0].all[0]", "the filter's row none = 3 failed (found an empty list)"),
        ("grid = 9", "filter.any[0].all[0]", "the filter's row grid = 9 failed (found 1, 2, 3 and 1 more)"),
    ],
)
def test_it_says_which_row_failed_and_what_was_found(text: str, path: str, reason: str) -> None:
    made = filters.read(text)
    assert isinstance(made, Filter)
    failed = made.failed(facts_of())
    assert failed is not None
    assert (failed.path, failed.reason) == (path, reason)
    assert "found" not in failed.reason_unseen


def test_a_thousand_values_are_looked_at_and_a_negated_row_that_cannot_be_sure_does_not_hold() -> None:
    many = {"n": list(range(VALUES_MAX)), "more": list(range(VALUES_MAX + 1)), "deep": [[0] * 500] * 500}
    assert holds("n = 999\nn != -1", many)
    assert not holds("more = 1000", many)
    assert not holds("more != -1", many)
    assert len(facts_of(many).at(facts_module.path_of("deep")).values) == VALUES_MAX
    assert not holds("empty != 1", {"empty": [[]] * (NODES_MAX + 1)})


def test_only_the_beginning_of_a_long_text_is_searched_and_its_end_is_known() -> None:
    long = {"text": "a" * LOOKED_AT_MAX + "b"}
    assert not holds('text contains "b"', long)
    assert not holds('text like "*b"', long)
    assert not holds('text like "?*b"', long)
    assert holds('text like "?*a"', long)
    assert not holds('text like "?"', {"text": [long["text"], "b"]})
    assert holds('text ends_with "ab"', long)


def test_an_event_is_decoded_once_and_only_when_a_field_of_its_data_is_asked_for() -> None:
    facts = Facts("story.update", 0.0, b"no JSON at all")
    row = filters.read('@type = "story.update"')
    assert isinstance(row, Filter)
    assert row.holds(facts)

    facts = facts_of()
    assert facts.at(facts_module.path_of("tags")) is facts.at(facts_module.path_of("data.tags"))


def test_numbers_that_no_machine_has_are_compared_all_the_same() -> None:
    facts = Facts("story.update", 0.0, b'{"n": ' + b"9" * 5000 + b', "m": 3}')
    found = filters.read("n > 1\nm = 3")
    assert isinstance(found, Filter)
    assert found.holds(facts)


def test_each_operator_has_words_for_people() -> None:
    assert all(OPERATORS.values())
