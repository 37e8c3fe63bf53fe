"""Projects are administrators'."""

from collections.abc import Callable
from typing import Any

import pytest

from hub.errors import Conflict, Forbidden, Invalid, NotFound
from hub.operations.credentials import Credentials
from hub.operations.projects import Projects, check_open
from hub.operations.tokens import Tokens
from hub.operations.users import Users
from hub.store import audit, hook_lists, models, projects, retention
from tests.rigs.requesters import ADMIN, NOBODY, managing_token
from tests.rigs.stage import Stage


def trail(store: Stage, object_id: str) -> list[tuple[str, str, Any]]:
    """Oldest first."""
    entries = store.read(lambda: audit.entries(object_id=object_id))
    return [(one.action, one.actor, one.fields) for one in entries][::-1]


def test_a_project_is_made_with_the_pages_connector_and_one_entry(store: Stage) -> None:
    made = Projects(store.database).create(ADMIN, "NEW", "", "icescrum")
    assert (made.key, made.name, made.catalogue) == ("NEW", "NEW", "icescrum")
    assert store.read(lambda: projects.connectors(made.id)) == {"webhooks"}
    assert trail(store, "NEW") == [("project.created", "root", {"catalogue": [None, "icescrum"]})]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"key": "new"}, ["key"]),
        ({"key": "NEW", "name": "a\nb"}, ["name"]),
        ({"key": "NEW", "name": "a\u202eb"}, ["name"]),
        ({"key": "NEW", "name": "x" * 201}, ["name"]),
        ({"key": "NEW", "catalogue": "jira"}, ["catalogue"]),
        ({"key": "", "name": "\0", "catalogue": ""}, ["key", "name", "catalogue"]),
    ],
)
def test_all_that_is_wrong_is_told_at_once(store: Stage, fields: dict[str, str], wrong: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        Projects(store.database).create(ADMIN, **fields)
    assert [field for field, _ in refused.value.errors] == wrong
    assert len(store.read(projects.find)) == 1


def test_a_name_may_be_of_any_language(store: Stage) -> None:
    for key, name in (("AA", "Voyages\u00a0: à pied"), ("BB", "旅行"), ("CC", "👩‍💻")):
        assert Projects(store.database).create(ADMIN, key, name).name == name


def test_a_key_is_given_once(store: Stage) -> None:
    with pytest.raises(Conflict) as refused:
        Projects(store.database).create(ADMIN, "DEMO")
    assert refused.value.errors == [("key", "is taken")]


def test_it_is_renamed_archived_and_restored_and_each_change_is_written_once(store: Stage) -> None:
    changes: list[bool] = []
    operations = Projects(store.database, lambda: changes.append(True))
    for _ in range(2):
        assert operations.update(ADMIN, "DEMO", name="Newer", is_archived=True).is_archived
    assert not operations.update(ADMIN, "DEMO", is_archived=False).is_archived
    assert operations.get(ADMIN, "DEMO").name == "Newer"
    assert [action for action, *_ in trail(store, "DEMO")] == [
        "project.renamed",
        "project.archived",
        "project.restored",
    ]
    assert len(changes) == 3


def test_what_is_not_there_is_said_so(store: Stage) -> None:
    operations = Projects(store.database)
    calls: list[Callable[[], Any]] = [
        lambda: operations.get(ADMIN, "NOSUCH"),
        lambda: operations.update(ADMIN, "NOSUCH", name="x"),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="NOSUCH"):
            call()
    for name_it in (lambda: operations.named(ADMIN, "NOSUCH"), lambda: operations.list(ADMIN, "NOSUCH")):
        with pytest.raises(Invalid, match="there is no project NOSUCH"):
            name_it()
    assert operations.named(ADMIN, None) is None


def test_the_list_goes_on_from_a_key(store: Stage) -> None:
    operations = Projects(store.database)
    made = [operations.create(ADMIN, key) for key in ("AA", "BB")]
    assert operations.list(ADMIN) == (*made[::-1], store.project)
    assert operations.list(ADMIN, "BB", 1) == (made[0],)


@pytest.mark.parametrize("who", ["a token", "a managing token"])
def test_they_are_nobody_elses(store: Stage, who: str) -> None:
    requester = NOBODY if who == "a token" else managing_token(store.project)
    operations = Projects(store.database)
    calls: list[Callable[[], Any]] = [
        lambda: operations.list(requester),
        lambda: operations.get(requester, "DEMO"),
        lambda: operations.named(requester, "DEMO"),
        lambda: operations.create(requester, "NEW"),
        lambda: operations.update(requester, "DEMO", name="x"),
        lambda: operations.delete(requester, "DEMO"),
    ]
    for call in calls:
        with pytest.raises(Forbidden, match="admin"):
            call()
    assert store.read(projects.find) == (store.project,)


def test_an_archived_project_is_not_open(store: Stage) -> None:
    store.read(lambda: check_open(store.project))
    Projects(store.database).update(ADMIN, "DEMO", is_archived=True)
    with pytest.raises(Forbidden, match="archived"):
        store.read(lambda: check_open(store.project))


def test_a_deleted_project_is_gone_with_all_that_is_its_own(store: Stage) -> None:
    changes: list[bool] = []
    made = Tokens(store.database).create(ADMIN, store.project, scopes=["read"])
    Users(store.database).create(ADMIN, "ann", project_key="DEMO", role="team_member")
    hook_id = store.hook()
    store.publish([hook_id])
    Projects(store.database, lambda: changes.append(True)).delete(ADMIN, "DEMO")
    assert changes == [True]
    assert store.read(projects.find) == ()
    assert store.read(lambda: (projects.by_key("DEMO"), projects.by_id(store.project.id))) == (None, None)
    assert Tokens(store.database).list(ADMIN, None) == ()
    assert Credentials(store.database).requester(made.text, None) is None
    assert Users(store.database).get(ADMIN, "ann").roles == {}
    assert store.row(hook_id).deleted_at is not None
    assert store.claim() == []
    entry = store.read(lambda: audit.entries(object_id="DEMO"))[0]
    assert (entry.action, entry.actor, entry.project_key) == ("project.deleted", "root", "DEMO")
    with pytest.raises(NotFound):
        Projects(store.database).delete(ADMIN, "DEMO")


def test_the_key_of_a_deleted_project_may_be_given_again_and_means_another(store: Stage) -> None:
    operations = Projects(store.database)
    store.hook()
    operations.delete(ADMIN, "DEMO")
    again = operations.create(ADMIN, "DEMO")
    assert again.id != store.project.id
    assert store.read(lambda: hook_lists.states([again.id]))[again.id] == {}
    with pytest.raises(Conflict):
        operations.create(ADMIN, "DEMO")
    operations.delete(ADMIN, "DEMO")
    assert operations.list(ADMIN) == ()


def test_what_a_deleted_project_leaves_is_forgotten_and_nothing_else(store: Stage) -> None:
    other = store.do(lambda: projects.add("OTHER", "", "open", 0))
    kept = store.hook()
    store.publish([kept])
    store.publish([])
    own, store.project = store.project, other
    mine = store.hook()
    sent = store.publish([mine], 3)
    claims = [claim for claim in store.claim() if claim.hook_id == mine]
    assert claims
    Projects(store.database).delete(ADMIN, "OTHER")

    def tidy() -> None:
        for step in (retention.expire_held, retention.forget):
            while store.do(lambda step=step: step(store.settings, store.clock.now(), 2)):  # type: ignore[misc]
                pass

    tidy()
    left = store.read(lambda: [row.event_id for row in models.Delivery.select()])
    assert {*left} - {*sent}, "another project's delivery stays"
    assert len({*left} & {*sent}) == len(claims), "what is under way is not forgotten yet"
    store.record(claims)
    tidy()
    assert store.read(lambda: [row.project_id for row in models.Delivery.select()]) == [own.id]
    assert store.read(lambda: models.Event.select().where(models.Event.project_id == other.id).count()) == 0
    assert store.read(lambda: models.Event.select().count()) == 2
