"""The connectors of a project over the API: listed with what they are, switched on and off."""

from connectors import registry
from tests.rigs.api import Client, LiveHub
from tests.rigs.problems import problem_of


def test_they_are_listed_with_what_they_are_and_whether_they_are_on(live: LiveHub, api: Client) -> None:
    listed = {one["key"]: one for one in api.get("/connectors").json()}
    assert listed.keys() == set(registry.connector_keys())
    zapier = registry.connector("zapier")
    assert listed["zapier"] == {
        "key": "zapier",
        "name": zapier.name,
        "summary": zapier.summary,
        "edit_rule": zapier.edit_rule.value,
        "docs": zapier.docs,
        "enabled": True,
    }
    assert listed["make"]["enabled"] is False


def test_one_is_switched_and_answered_as_it_is_then(api: Client) -> None:
    for is_on in (True, False):
        answer = api.patch("/connectors/make", json={"enabled": is_on})
        assert (answer.status_code, answer.json()["key"], answer.json()["enabled"]) == (200, "make", is_on)
        assert {one["key"]: one["enabled"] for one in api.get("/connectors").json()}["make"] is is_on


def test_an_unknown_one_and_a_switch_that_is_none_are_refused(api: Client) -> None:
    problem_of(api.patch("/connectors/nope", json={"enabled": True}), 404)
    for body in ({}, {"enabled": "yes"}, {"enabled": 1}, {"enabled": True, "name": "x"}):
        problem_of(api.patch("/connectors/make", json=body), 422)
