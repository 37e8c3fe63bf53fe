"""The audit trail's rows."""

from hub.rules.access import Requester
from hub.store import audit, projects
from tests.rigs.stage import Stage

ANN = Requester("ann", is_person=True, address="192.0.2.7")
CI = Requester("token ci", token_id="tok_1")


def test_an_entry_is_read_as_it_was_written(store: Stage) -> None:
    fields = {"name": ["", "Orders"], "secret": None, "events": [["a.*"], ["b.c"]]}
    store.do(lambda: audit.add(7.5, ANN, "hook.changed", "hook_1", store.project.id, fields))
    store.do(lambda: audit.add(8.5, CI, "settings.changed", "settings"))
    wide, own = store.read(audit.entries)
    assert (own.at, own.actor, own.address, own.token_id) == (7.5, "ann", "192.0.2.7", None)
    assert (own.action, own.object_id, own.project_id, own.project_key) == (
        "hook.changed",
        "hook_1",
        store.project.id,
        "DEMO",
    )
    assert own.fields == fields
    assert (wide.actor, wide.token_id, wide.project_id, wide.project_key, wide.fields) == (
        "token ci",
        "tok_1",
        None,
        None,
        {},
    )


def test_entries_are_found_by_project_object_and_age(store: Stage) -> None:
    other = store.do(lambda: projects.add("OTHER", "", "open", 0))
    for number in range(4):
        project_id = (store.project.id, other.id)[number % 2]
        store.do(
            lambda number=number, project_id=project_id: audit.add(  # type: ignore[misc]
                number, ANN, "hook.created", f"hook_{number}", project_id
            )
        )
    entries = store.read(audit.entries)
    assert [one.object_id for one in entries] == ["hook_3", "hook_2", "hook_1", "hook_0"]
    assert store.read(lambda: audit.entries(other.id)) == (entries[0], entries[2])
    assert store.read(lambda: audit.entries(object_id="hook_2")) == (entries[1],)
    assert store.read(lambda: audit.entries(before=entries[1].id, limit=1)) == (entries[2],)
