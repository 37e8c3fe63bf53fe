"""What people see and set for themselves."""

import pytest

from hub.rules.access import Requester
from hub.store import users
from hub.web.pages.account import browser_words
from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import check_markup

PASSWORD, NEW = "correct horse battery", "another one entirely"
ADMIN = Requester("root", frozenset({"admin"}), is_person=True)


def test_a_new_password_takes_the_old_one_and_signs_out_every_other_browser(live: LiveHub) -> None:
    live.hub.services.users.create(ADMIN, "ann", PASSWORD)
    here, there = live.browser("ann"), live.browser("ann")
    check_markup(here.get("/account/password").text)
    done = here.submit("/account/password", current_password=PASSWORD, password=NEW, repeated=NEW)
    assert (done.status_code, done.headers["location"]) == (303, "/account/sessions")
    assert "Your password is changed" in here.get("/account/sessions").text
    assert there.get("/projects").status_code == 303
    assert live.hub.database.read(lambda: users.check_password("ann", NEW)) is not None


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"current_password": "not this one"}, "current_password", "is not your password"),
        ({"password": "short", "repeated": "short"}, "password", "at least 10 characters"),
        ({"repeated": "something else"}, "repeated", "is not the same"),
        ({"password": "", "repeated": ""}, "password", "at least 10 characters"),
    ],
)
def test_a_wrong_field_is_told_beside_it_and_no_password_comes_back(
    live: LiveHub, fields: dict[str, str], field: str, says: str
) -> None:
    if live.hub.database.read(lambda: users.by_name("bob")) is None:
        live.hub.services.users.create(ADMIN, "bob", PASSWORD)
    sent = {"current_password": PASSWORD, "password": NEW, "repeated": NEW, **fields}
    answer = live.browser("bob").submit("/account/password", **sent)
    assert answer.status_code == 422
    page = check_markup(answer.text)
    [wrong] = [found for found in page.all("input") if found.get("aria-invalid")]
    assert wrong["id"] == field
    assert says in answer.text
    assert not [typed for typed in sent.values() if typed and typed in answer.text]
    assert live.hub.database.read(lambda: users.check_password("bob", PASSWORD)) is not None


def test_everybody_sees_where_they_are_signed_in_and_signs_out_what_they_do_not_know(live: LiveHub) -> None:
    me, other = live.browser("olga"), live.browser("olga")
    stranger = live.browser("paul")
    page = me.get("/account/sessions").text
    markup = check_markup(page)
    assert page.count("This browser, now") == 1
    [revoke] = [form for form in markup.all("form") if str(form["action"]).endswith("/revoke")]
    path = str(revoke["action"])
    refused = stranger.submit(path)
    assert (refused.status_code, "over already" in refused.text) == (404, True)
    assert other.get("/projects").status_code == 200
    assert me.submit(path).status_code == 303
    assert other.get("/projects").status_code == 303
    assert "That browser is signed out" in me.get("/account/sessions").text


def test_all_other_browsers_are_signed_out_at_once(live: LiveHub) -> None:
    me, others = live.browser("rita"), [live.browser("rita") for _ in range(2)]
    assert me.submit("/account/sessions/revoke-others").status_code == 303
    assert "2 other browsers are signed out" in me.get("/account/sessions").text
    assert [browser.get("/projects").status_code for browser in others] == [303, 303]
    assert "everywhere else" not in me.get("/account/sessions").text


def test_what_a_browser_calls_itself_stays_text(live: LiveHub) -> None:
    user = live.hub.services.users.create(ADMIN, "sid")
    live.hub.services.sessions.begin(user, "192.0.2.1", '<script>alert("x")</script>\0' * 99)
    answer = live.browser("sid").get("/account/sessions")
    check_markup(answer.text)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iOS"),
        ("curl/8.0", "curl/8.0"),
        ("", "An unknown browser"),
    ],
)  # fmt: skip
def test_browsers_are_named_as_people_know_them(agent: str, words: str) -> None:
    assert browser_words(agent) == words


def test_nobody_changes_anothers_password(live: LiveHub) -> None:
    answer = Browser(live.url).get("/account/password")
    assert answer.headers["location"] == "/sign-in?next=/account/password"
