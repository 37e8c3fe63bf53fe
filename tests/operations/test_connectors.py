"""Connectors are switched for one project, by its managers."""

import pytest

from connectors import registry
from hub.errors import Forbidden, NotFound
from hub.operations.connectors import Connectors
from hub.operations.projects import Projects
from hub.store import audit, projects
from tests.rigs.requesters import ADMIN, NOBODY, manager, member
from tests.rigs.stage import Stage


def test_a_manager_switches_one_on_and_off_and_each_change_is_written_once(store: Stage) -> None:
    maria, operations = manager(store.project), Connectors(store.database)
    other = store.do(lambda: projects.add("OTHER", "", "open", 0))
    for is_on in (True, True, False, False):
        operations.update(maria, store.project, "zapier", is_on)
        assert operations.list(maria, store.project)["zapier"] is is_on
    assert not operations.list(ADMIN, other)["zapier"]
    entries = store.read(lambda: audit.entries(object_id="zapier"))[::-1]
    assert [(one.action, one.actor, one.fields) for one in entries] == [
        ("connector.switched", "maria", {"enabled": [False, True]}),
        ("connector.switched", "maria", {"enabled": [True, False]}),
    ]


def test_all_are_listed_with_the_pages_own_one_on(store: Stage) -> None:
    found = Connectors(store.database).list(member(store.project), store.project)
    assert list(found) == list(registry.connector_keys())
    assert [key for key, is_on in found.items() if is_on] == ["webhooks"]


def test_an_unknown_one_is_refused_with_those_that_there_are(store: Stage) -> None:
    with pytest.raises(NotFound, match="zapier"):
        Connectors(store.database).update(ADMIN, store.project, "nosuch", True)


def test_in_an_archived_project_nothing_is_switched(store: Stage) -> None:
    Projects(store.database).update(ADMIN, "DEMO", is_archived=True)
    with pytest.raises(Forbidden, match="archived"):
        Connectors(store.database).update(ADMIN, store.project, "zapier", True)


@pytest.mark.parametrize("kind", ["member", "token", "another project's manager"])
def test_they_are_nobody_elses_to_switch(store: Stage, kind: str) -> None:
    other = store.do(lambda: projects.add("OTHER", "", "open", 0))
    who = {"member": member(store.project), "token": NOBODY}.get(kind) or manager(other)
    with pytest.raises(Forbidden):
        Connectors(store.database).update(who, store.project, "zapier", True)
