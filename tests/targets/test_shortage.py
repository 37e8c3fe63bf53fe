"""Running out of descriptors, wherever it strikes."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.rigs.hubs import ROOT, environ
from tests.rigs.waiting import DEADLINE_S

SPARE = range(8)
BY_ADDRESS = ("0@127.0.0.1", "1@127.0.0.1")
"""Nothing is looked up: what then needs a descriptor first is libcurl."""
DOORS = ("single", "looped")


@pytest.fixture(scope="module", params=DOORS)
def outcomes(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """How a request ended, by the number of descriptors that were left for it."""
    found = starved(request.param, *map(str, SPARE), *BY_ADDRESS)
    return {one.pop("case"): one for one in found}


def starved(*arguments: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.rigs.starved", *arguments]
    lines = subprocess.run(
        command, env=environ(), cwd=ROOT, text=True, capture_output=True, timeout=DEADLINE_S, check=True
    ).stdout.splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("spare", SPARE)
def test_running_out_of_descriptors_is_the_hubs_fault_wherever_it_strikes(
    outcomes: dict[str, dict[str, Any]], spare: int
) -> None:
    found = outcomes[str(spare)]
    outcome = (found["fault"], found["phase"], found["was_sent"])
    if spare < 2:
        assert (found["fault"], found["was_sent"]) == ("hub", False), found["reason"]
    elif spare > 6:  # enough: then it is the receiver that does not answer
        assert outcome == ("receiver", "sent", True), found["reason"]
    else:  # how many libcurl needs is its own affair, but there is no third outcome
        assert found["fault"] == "hub" or outcome == ("receiver", "sent", True), found["reason"]


@pytest.mark.parametrize("case", BY_ADDRESS)
def test_it_strikes_the_hub_where_nothing_is_looked_up(
    outcomes: dict[str, dict[str, Any]], case: str
) -> None:
    found = outcomes[case]
    assert (found["fault"], found["was_sent"]) == ("hub", False), found["reason"]
    assert found["reason"].startswith("the hub could not ")


@pytest.mark.parametrize("case", [*map(str, SPARE), *BY_ADDRESS])
def test_it_sends_again_once_there_are_descriptors(outcomes: dict[str, dict[str, Any]], case: str) -> None:
    assert outcomes[case]["later"] == 200


@pytest.mark.parametrize("door", DOORS)
def test_connections_that_nobody_uses_are_given_back_in_a_shortage(door: str) -> None:
    """The receiver serves in the same process: it needs a descriptor as well."""
    assert starved(door, "idle") == [{"said": ["hub", "200"]}]
