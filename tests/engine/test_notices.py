"""Notices by mail, through a real mail server: one mail with all that is open, by one process."""

from collections.abc import Iterator

import pytest

from hub.engine.notices import Notices
from hub.rules.notices import BETWEEN_S, GATHER_S
from hub.store import models, notice_choices, notices, users
from hub.store.users import User
from hub.targets.relay import Relay, RelayAddress
from tests.rigs.mail import MailServer
from tests.rigs.stage import Stage

BASE = "https://hub.example"


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Stage]:
    made = Stage(sqlite_url)
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as one:
        yield one


def process(store: Stage, server: MailServer, **how: object) -> Notices:
    relay = Relay(RelayAddress("127.0.0.1", server.port, False, "hub@x.org"), clock=store.clock.now)
    return Notices(store.database, relay, BASE, **how)  # type: ignore[arg-type]


def person(store: Stage, name: str, is_admin: bool = False, manages: bool = True) -> User:
    def write() -> User:
        made = users.add(name, None, is_admin, store.clock.now())
        users.set_email(made, f"{name}@x.org")
        if manages:
            users.set_role(made, store.project, "scrum_master")
        return made

    return store.do(write)


def goes_off(store: Stage, name: str) -> str:
    hook = store.hook(name=name)
    now, about = store.clock.now(), ("failing", "auto_disabled", "answered <500>")
    store.do(lambda: notices.hook_changed(store.database, hook, store.project.id, *about, now))
    return hook


def test_a_storm_is_one_mail_that_names_all_of_it(store: Stage, server: MailServer) -> None:
    person(store, "ann")
    first, second = process(store, server), process(store, server)
    hooks = [goes_off(store, f"Hook {n}") for n in range(3)]
    assert first.tick(store.clock.now()) == 0, "storms gather first"
    now = store.clock.advance(GATHER_S)
    assert first.tick(now) + second.tick(now) == 1
    [mail] = server.to("ann@x.org")
    assert mail.parsed["subject"] == "hookhub: 3 things need attention"
    text, html = mail.parsed.get_body(["plain"]), mail.parsed.get_body(["html"])
    assert text is not None
    assert html is not None
    for hook in hooks:
        assert f"{BASE}/projects/DEMO/hooks/{hook}" in text.get_content()
    assert "answered <500>" in text.get_content()
    assert "answered &lt;500&gt;" in html.get_content()

    goes_off(store, "Hook 4")
    assert first.tick(store.clock.advance(GATHER_S)) == 0, "at most one in a quarter of an hour"
    assert first.tick(store.clock.advance(BETWEEN_S)) == 1
    assert first.tick(store.clock.advance(BETWEEN_S)) == 0, "nothing is new"


def test_only_those_are_told_whom_it_concerns(store: Stage, server: MailServer) -> None:
    person(store, "ann")
    person(store, "eve", manages=False)
    person(store, "root", is_admin=True, manages=False)
    quiet = person(store, "quiet")
    store.do(lambda: notice_choices.choose(quiet.id, "off"))
    goes_off(store, "Hook")
    assert process(store, server).tick(store.clock.advance(GATHER_S)) == 1
    assert [mail.recipient for mail in server.mails] == ["ann@x.org"]
    store.do(lambda: models.Membership.delete().execute())
    assert process(store, server).tick(store.clock.advance(BETWEEN_S)) == 1
    assert server.mails[-1].recipient == "root@x.org", "of a project that nobody manages"


def test_what_is_over_before_the_mail_is_not_told(store: Stage, server: MailServer) -> None:
    person(store, "ann")
    store.delete(goes_off(store, "Hook"))
    assert process(store, server).tick(store.clock.advance(GATHER_S)) == 0


def test_a_mail_that_could_not_be_sent_is_sent_later_and_administrators_see_why(
    store: Stage, server: MailServer
) -> None:
    person(store, "ann")
    goes_off(store, "Hook")
    server.replies["MAIL"] = "451 not now"
    told = process(store, server)
    assert told.tick(store.clock.advance(GATHER_S)) == 0
    now = store.clock.now()
    seen = store.read(lambda: notices.find(now, project_ids=None, is_admin=True))
    assert {(one.kind, one.told_at) for one in seen} == {("hub", None), ("auto_disabled", None)}
    del server.replies["MAIL"]
    assert told.tick(store.clock.advance(60)) == 1
    seen = store.read(lambda: notices.find(store.clock.now(), project_ids=None, is_admin=True))
    assert [one.kind for one in seen] == ["auto_disabled"]


def test_trouble_of_the_hub_is_for_administrators_alone(store: Stage, server: MailServer) -> None:
    person(store, "ann")
    person(store, "root", is_admin=True, manages=False)
    suspected = [True]
    told = process(store, server, is_network_suspected=lambda: suspected[0])
    told.tick(store.clock.now())
    assert told.tick(store.clock.advance(GATHER_S)) == 1
    [mail] = server.mails
    assert mail.recipient == "root@x.org"
    suspected[0] = False
    told.tick(store.clock.advance(60))
    assert store.read(lambda: notices.find(store.clock.now(), project_ids=None, is_admin=True)) == ()
