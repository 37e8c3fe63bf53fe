"""The audit trail is read by administrators."""

import pytest

from hub.errors import Forbidden, Invalid
from hub.operations.audit import AuditTrail
from hub.operations.projects import Projects
from tests.rigs.requesters import ADMIN, NOBODY, manager
from tests.rigs.stage import Stage


def test_it_is_read_by_project_object_and_page(store: Stage) -> None:
    projects, trail = Projects(store.database), AuditTrail(store.database)
    for key in ("AA", "BB"):
        projects.create(ADMIN, key)
        projects.update(ADMIN, key, name="x")
    everything = trail.list(ADMIN)
    assert [(one.object_id, one.action) for one in everything] == [
        ("BB", "project.renamed"),
        ("BB", "project.created"),
        ("AA", "project.renamed"),
        ("AA", "project.created"),
    ]
    assert {(one.actor, one.address) for one in everything} == {("root", "192.0.2.1")}
    assert trail.list(ADMIN, project_key="AA") == trail.list(ADMIN, object_id="AA") == everything[2:]
    assert trail.list(ADMIN, before=everything[1].id, limit=1) == everything[2:3]
    assert everything[0].project_key == "BB"


def test_a_project_that_is_none_is_told(store: Stage) -> None:
    with pytest.raises(Invalid, match="project: there is no project NOSUCH"):
        AuditTrail(store.database).list(ADMIN, project_key="NOSUCH")


def test_it_is_nobody_elses(store: Stage) -> None:
    for who in (NOBODY, manager(store.project)):
        with pytest.raises(Forbidden, match="admin"):
            AuditTrail(store.database).list(who)
