"""Notices for people: who sees which, and how each wants to be told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import Forbidden, Invalid
from hub.rules.access import Requester
from hub.store import audit, notices, users
from hub.store.users import User
from tests.rigs.engine import Engine

READER = Requester("token", frozenset({"read"}))


@pytest.fixture
def engine(sqlite_url: str, tmp_path: Path) -> Iterator[Engine]:
    running = Engine(sqlite_url, tmp_path, sends=False)
    yield running
    running.hub.stop()


def person(engine: Engine, name: str, role: str | None = "product_owner") -> User:
    def write() -> User:
        made = users.add(name, None, False, engine.database.clock.now())
        if role is not None:
            users.set_role(made, engine.project, role)  # type: ignore[arg-type]
        found = users.by_name(name)
        assert found is not None
        return found

    return engine.do(write)  # type: ignore[no-any-return]


def tell(engine: Engine) -> None:
    about = (engine.project.id, "hook_1", "answered 410", engine.database.clock.now())
    engine.do(lambda: notices.tell(engine.database, "gone", "hook:hook_1", *about))


def test_looking_at_the_list_is_being_told(engine: Engine) -> None:
    ann, eve = person(engine, "ann"), person(engine, "eve", "team_member")
    tell(engine)
    told = engine.services.notices
    assert (told.count_new(ann), told.count_new(eve)) == (1, 0)
    assert [one.kind for one in told.of_person(ann)] == ["gone"]
    assert told.of_person(eve) == ()
    assert told.count_new(ann) == 0
    [one] = told.list(READER, engine.project)
    assert one.told_at is not None
    with pytest.raises(Forbidden):
        told.list(Requester("app", frozenset({"publish"})), engine.project)


def test_a_person_sets_their_own_address_and_choice(engine: Engine) -> None:
    ann = person(engine, "ann")
    told, requester = engine.services.notices, Requester("ann", is_person=True)
    told.choose(requester, ann, "ann@x.org", "hourly")
    ann = engine.database.read(lambda: users.by_name("ann") or ann)
    assert (told.how_told(ann).email, told.how_told(ann).choice) == ("ann@x.org", "hourly")
    told.choose(requester, ann, "", "")
    ann = engine.database.read(lambda: users.by_name("ann") or ann)
    assert (told.how_told(ann).email, told.how_told(ann).choice) == ("", None)
    entries = engine.database.read(lambda: audit.entries(limit=10))
    assert [entry.action for entry in entries] == ["user.email_set"] * 2
    assert "ann@x.org" not in str(entries)

    with pytest.raises(Invalid) as caught:
        told.choose(requester, ann, "ann@x.org\r\nBcc: eve@x.org", "never")
    assert [field for field, _ in caught.value.errors] == ["email", "choice"]
