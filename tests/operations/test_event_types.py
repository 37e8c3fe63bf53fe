"""The types that a project knows, whichever door asks."""

from dataclasses import replace

import pytest

from hub.errors import Conflict, Invalid
from hub.operations.event_types import EventTypes
from hub.rules.access import Requester
from hub.rules.catalogue import OWN_TYPES
from hub.store import event_types
from tests.rigs.stage import Stage

MANAGER = Requester("manager", frozenset({"manage"}))


def codes(store: Stage, first: int, limit: int) -> list[str]:
    return [one.code for one in EventTypes(store.database).page(MANAGER, store.project, first, limit)]


def test_an_open_project_lists_its_own_and_then_the_hubs_in_pages_of_any_size(store: Stage) -> None:
    seen = [f"t.n{n}" for n in range(5)]
    store.do(lambda: event_types.remember(store.project.id, seen, 1))
    whole = [*seen, *(one.code for one in OWN_TYPES)]
    assert [one.code for one in EventTypes(store.database).find(MANAGER, store.project)] == whole
    for limit in range(1, len(whole) + 2):
        pages = [codes(store, first, limit) for first in range(0, len(whole) + 2 * limit, limit)]
        assert [code for page in pages for code in page] == whole
        assert pages[-1] == []


def test_a_catalogues_types_are_paged_alike(store: Stage) -> None:
    project = replace(store.project, catalogue="icescrum")
    operation = EventTypes(store.database)
    whole = operation.find(MANAGER, project)
    assert [one for first in range(0, 200, 9) for one in operation.page(MANAGER, project, first, 9)] == whole


def test_a_declared_type_has_its_words_and_its_group(store: Stage) -> None:
    operation = EventTypes(store.database)
    declared = operation.declare(MANAGER, store.project, "sprint.close", "Sprint closed", "At its end")
    assert (declared.code, declared.name, declared.group) == ("sprint.close", "Sprint closed", "sprint")
    assert operation.find(MANAGER, store.project)[0] == declared


@pytest.mark.parametrize("code", ["Sprint.close", "hook.disabled", "hook.ping", ""])
def test_what_nobody_can_publish_cannot_be_declared(store: Stage, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        EventTypes(store.database).declare(MANAGER, store.project, code, "", "")
    assert refused.value.errors[0][0] == "id"


def test_a_catalogue_takes_no_other_type(store: Stage) -> None:
    with pytest.raises(Conflict, match="icescrum"):
        EventTypes(store.database).declare(
            MANAGER, replace(store.project, catalogue="icescrum"), "sprint.mine", "", ""
        )
