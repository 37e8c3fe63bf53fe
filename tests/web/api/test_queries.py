"""Query parameters: read by the model that documents them."""

import time
from typing import Literal

import pytest
from pydantic import Field
from starlette.datastructures import QueryParams

from hub.errors import Invalid
from hub.web.api.calls import Call
from hub.web.api.queries import Paged, Query, before_id, read_query
from hub.web.routes import CALLS
from tests.rigs.api import Client
from tests.rigs.problems import (
    fields_of,
    filled,
    name_of,
    problem_of,
)

QUERIES = [
    ("limit", "0"), ("limit", "201"), ("limit", "-1"), ("limit", ""), ("limit", "1.0"), ("limit", "٣"), ("limit", "²"), ("limit", "1_0"),
    ("limit", "9" * 5000), ("limit", "%00"), ("before", "\0"), ("nope", "1"), ("limit[]", "1"), ("Limit", "1"),
]  # fmt: skip
LISTS = [call.path for call in CALLS if call.method == "GET" and issubclass(call.query, Paged)]
ID = "hook_019ab2a6b7c87d1e8f3a4b5c6d7e8f90"


class HookQuery(Paged):
    before: str | None = before_id("hook")
    state: Literal["active", "gone"] | None = Field(None, description="Only in this state")


def wrong(query: str) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        read_query(QueryParams(query), HookQuery)
    return dict(refused.value.errors)


def test_what_is_given_is_read_and_the_rest_has_its_default() -> None:
    asked = read_query(QueryParams(f"limit=7&before={ID}&project=TRAVEL"), HookQuery)
    assert (asked.limit, asked.before, asked.state) == (7, ID, None)
    assert read_query(QueryParams(""), Paged).limit == 50
    assert read_query(QueryParams("project=TRAVEL"), Query) == Query()


@pytest.mark.parametrize("value", ["0", "201", "-1", "", "1.0", "1_0", " 1", "٣", "²", "9" * 5000])
def test_a_number_is_plain_digits_within_its_range(value: str) -> None:
    assert wrong(f"limit={value}") == {"limit": "must be a whole number from 1 to 200"}


def test_every_wrong_parameter_is_named_at_once() -> None:
    found = wrong("limit=x&state=on&colour=red&before=zzz&state=off&project=a%00")
    assert found.keys() == {"limit", "state", "colour", "before", "project"}
    assert found["colour"] == "is no parameter of this call; it has: project, limit, before, state"


def test_a_word_that_is_none_of_those_known_is_refused_with_them() -> None:
    assert wrong("state=on") == {"state": "must be one of active, gone"}


@pytest.mark.parametrize("before", ["zzz", "", ID.replace("hook", "evt"), ID[:-1], ID + "0", ID.upper()])
def test_a_page_goes_on_from_an_id_of_its_own_kind_only(before: str) -> None:
    assert wrong(f"before={before}") == {
        "before": "must be an id, hook_ and 32 hex digits, such as the last one of the page before"
    }


@pytest.mark.parametrize("query", ["&".join(f"a{n}" for n in range(20_000)), "&".join(["limit=1"] * 20_000)])
def test_many_parameters_cost_no_more_than_there_are(query: str) -> None:
    """Looking through all of them for each took half a minute."""
    params = QueryParams(query)
    began = time.thread_time()
    with pytest.raises(Invalid):
        read_query(params, HookQuery)
    assert time.thread_time() - began < 1


@pytest.mark.parametrize(("name", "value"), QUERIES, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("path", LISTS)
def test_a_wrong_parameter_is_named(root: Client, path: str, name: str, value: str) -> None:
    answer = root.get(filled(path), params={name: value})
    assert name in fields_of(answer, 422)


@pytest.mark.parametrize(
    "call", [call for call in CALLS if call.query.model_fields], ids=lambda call: f"{call.method} {call.path}"
)
def test_a_parameter_that_stands_there_twice_is_named(root: Client, call: Call) -> None:
    name = next(iter(call.query.model_fields))
    value = "1"
    answer = root.request(
        call.method, filled(call.path), params=[("project", "ROOT"), (name, value), (name, value)]
    )
    assert name in fields_of(answer, 422)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "before", ["junk", "💥", "'; DROP TABLE hook; --", "%", "evt_", "a" * 5000, "hook_zzzz"], ids=name_of
)
def test_a_page_before_nothing_known_is_a_page(root: Client, path: str, before: str) -> None:
    answer = root.get(filled(path), params={"before": before})
    if answer.status_code != 200:
        problem_of(answer, 404, 422)
    assert isinstance(answer.json(), list if answer.status_code == 200 else dict)
