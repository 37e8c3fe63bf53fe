"""Whom notices are told, and that a due mail is one process's to send."""

from hub.rules.notices import Told
from hub.store import notice_choices, notices, users
from hub.store.users import User
from tests.rigs.stage import Stage


def person(store: Stage, name: str, email: str | None, manages: bool = True) -> User:
    def write() -> User:
        made = users.add(name, None, False, store.clock.now())
        users.set_email(made, email)
        if manages:
            users.set_role(made, store.project, "product_owner")
        return made

    return store.do(write)


def test_people_with_an_address_are_known_with_what_they_manage(store: Stage) -> None:
    ann = person(store, "ann", "ann@x.org")
    person(store, "bob", None)
    store.do(lambda: notice_choices.choose(ann.id, "hourly"))
    [found] = store.read(notice_choices.people)
    assert (found.name, found.email, found.told) == ("ann", "ann@x.org", Told("hourly"))
    assert found.project_ids == {store.project.id}
    assert store.read(lambda: notice_choices.unmanaged([store.project.id, 99])) == {99}


def test_a_turn_is_taken_once_and_can_be_given_back(store: Stage) -> None:
    ann = person(store, "ann", "ann@x.org")
    take = lambda told, now: store.do(lambda: notice_choices.take_turn(ann.id, told, now, now - 5))  # noqa: E731
    assert take(Told(), 100.0)
    assert not take(Told(), 100.0), "another process was first"
    assert take(Told(None, 100.0, 95.0), 200.0)
    store.do(lambda: notice_choices.give_turn_back(ann.id, Told(None, 100.0, 95.0), 200.0, []))
    [found] = store.read(notice_choices.people)
    assert found.told == Told(None, 100.0, 95.0)


def test_new_is_what_came_since_the_list_was_looked_at(store: Stage) -> None:
    ann = person(store, "ann", None)

    def new() -> int:
        ids, now = [store.project.id], store.clock.now()
        return store.read(lambda: notice_choices.count_new(ann.id, now, project_ids=ids, maker="ann"))

    now = store.clock.now()
    about = (store.project.id, "hook_1", "why", now)
    store.do(lambda: notices.tell(store.database, "gone", "hook:hook_1", *about))
    assert new() == 1
    store.do(lambda: notice_choices.see(ann.id, [], now))
    assert new() == 0
    assert store.read(lambda: notice_choices.choice_of(ann.id)) is None
