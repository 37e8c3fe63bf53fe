"""Sources on the pages: made by kind, their secret shown once, what they refused; by managers alone."""

import re

import pytest
import requests

from connectors import registry
from hub.operations.broker_connections import ConnectionChange
from hub.store import models
from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import opened_at
from tests.rigs.requesters import ADMIN
from tests.rigs.shown_hub import HARM
from tests.rigs.waiting import DEADLINE_S


def make(manager: Browser, project: str, kind: str = "github", **fields: str) -> requests.Response:
    return manager.submit(f"/projects/{project}/sources/new", kind=kind, prefix=kind, **fields)


def source_in(text: str) -> str:
    [found] = set(re.findall(r"src_[0-9a-f]{32}", text))
    return found


@pytest.mark.parametrize("kind", registry.source_keys())
def test_each_kind_has_a_form_with_its_own_fields(manager: Browser, project: str, kind: str) -> None:
    page = manager.get(f"/projects/{project}/sources/new?kind={kind}")
    assert page.status_code == 200
    for setting in registry.source(kind).settings:
        assert f'name="s_{setting.key}"' in page.text
    assert ('name="secret"' in page.text) is (kind not in ("none", "broker"))
    assert kind in manager.get(f"/projects/{project}/sources/new").text


def test_a_source_shows_its_secret_once_takes_an_event_and_says_so(
    live: LiveHub, manager: Browser, project: str
) -> None:
    made = make(manager, project, "token", name="<b>ci</b>", s_header="X-Token", s_type="order.paid")
    assert made.status_code == 201
    assert "<b>ci" not in made.text
    [secret] = set(re.findall(r'aria-label="Secret">([\w-]{43})<', made.text))
    source = source_in(made.text)
    path = f"/projects/{project}/sources/{source}"
    assert secret not in manager.get(path).text
    assert f"{live.hub.services.config.base_url}/in/{source}" in manager.get(path).text
    assert "Only this machine reaches this address" in manager.get(path).text

    url = f"{live.url}/in/{source}"
    assert requests.post(url, data=b"{}", headers={"X-Token": secret}, timeout=DEADLINE_S).status_code == 200
    event = requests.post(url, data=b'{"a":1}', headers={"X-Token": secret}, timeout=DEADLINE_S).json()["id"]
    assert (
        requests.post(url, data=HARM.encode(), headers={"X-Harm": HARM}, timeout=DEADLINE_S).status_code
        == 401
    )
    live.hub.services.scheduler.write_counts()
    page = manager.get(path).text
    assert "Refusing" in page
    assert "The header X-Token is missing" in page
    assert "<img src=x" not in page
    assert "&lt;b&gt;ci" in manager.get(f"/projects/{project}/events/{event}").text
    assert "Refusing" in manager.get(f"/projects/{project}/sources").text


def test_it_is_switched_changed_given_another_secret_and_deleted(
    live: LiveHub, manager: Browser, project: str
) -> None:
    source = source_in(make(manager, project, "grafana", secret="mine").text)
    path = f"/projects/{project}/sources/{source}"
    assert manager.submit(f"{path}/switch", do="off").status_code == 303
    assert "Switched off" in manager.get(path).text
    manager.submit(f"{path}/switch", do="on")
    fields = {"name": "Alerts", "prefix": "alerts", "s_timestamp_header": "X-T", "rate_per_s": "2.5"}
    assert manager.submit(path, **fields).status_code == 303
    page = manager.get(path).text
    for value in fields.values():
        assert f'value="{value}"' in page
    assert "shown this once" in manager.submit(path, do="secret", secret="", overlap_hours="1").text
    assert manager.submit(path, do="secret", secret="other", overlap_hours="0").status_code == 303
    assert "for 30 days its sender is answered 410" in manager.get(f"{path}/delete").text
    assert manager.submit(f"{path}/delete").status_code == 303
    assert manager.get(path).status_code == 404
    assert requests.post(f"{live.url}/in/{source}", data=b"{}", timeout=DEADLINE_S).status_code == 410


def test_whoever_saves_settings_later_is_told_first(manager: Browser, project: str) -> None:
    path = f"/projects/{project}/sources/{source_in(make(manager, project).text)}"
    first = opened_at(manager.get(path).text)
    assert manager.submit(path, name="Theirs", prefix="gh", opened=first).status_code == 303
    wrong = manager.submit(path, name="Mine", prefix="github", rate_per_s="many", opened=first)
    assert (wrong.status_code, opened_at(wrong.text)) == (422, first)

    refused = manager.submit(path, name="Mine", prefix="github", opened=first)
    assert refused.status_code == 409
    assert "Not saved: this source was changed after you opened it" in refused.text
    assert 'value="Mine"' in refused.text
    assert 'value="Theirs"' in manager.get(path).text
    again = manager.submit(path, name="Mine", prefix="github", opened=opened_at(refused.text))
    assert again.status_code == 303
    assert 'value="Mine"' in manager.get(path).text


def test_one_whose_secret_the_sender_makes_waits_for_it(manager: Browser, project: str) -> None:
    made = make(manager, project, "stripe")
    assert "It waits for its secret" in made.text
    path = f"/projects/{project}/sources/{source_in(made.text)}"
    refused = manager.submit(path, do="secret", secret="", overlap_hours="24")
    assert refused.status_code == 422
    assert "Secret: is missing: copy it from the sender." in refused.text
    assert manager.submit(path, do="secret", secret="whsec_x", overlap_hours="24").status_code == 303
    assert "It waits" not in manager.get(path).text


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("shopify", {}, "Shop: is missing"),
        ("generic_hmac", {"s_algorithm": "md5", "s_header": "X-S"}, "Hash: must be one of"),
        ("github", {"rate_per_s": "many"}, "Requests a second: must be a number"),
        ("github", {"name": "x" * 201}, "Name: must be"),
        ("standard", {"secret": "whsec_!"}, "Secret: after whsec_"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_typed_is_lost(
    manager: Browser, project: str, kind: str, fields: dict[str, str], words: str
) -> None:
    given = {"name": "kept", "s_signed": "{body}", "s_encoding": "hex", "s_take": "body", **fields}
    refused = make(manager, project, kind, **given)
    assert refused.status_code == 422
    assert words in refused.text
    assert f'value="{given["name"]}"' in refused.text
    assert "whsec_!" not in refused.text
    assert "No sources yet" in manager.get(f"/projects/{project}/sources").text


def test_a_source_of_a_package_that_is_gone_is_shown_and_takes_nothing(
    live: LiveHub, manager: Browser, project: str
) -> None:
    source = source_in(make(manager, project, "none", name="kept").text)
    live.hub.database.write(
        lambda: models.Source.update(kind="acme").where(models.Source.id == source).execute()
    ).result()
    live.hub.services.inbound.forget()
    page = manager.get(f"/projects/{project}/sources/{source}")
    assert page.status_code == 200
    assert "is not installed" in page.text
    assert "kept" in manager.get(f"/projects/{project}/sources").text
    assert requests.post(f"{live.url}/in/{source}", data=b"{}", timeout=DEADLINE_S).status_code == 401


def test_one_that_reads_from_a_broker_shows_what_it_reads_and_no_address(
    live: LiveHub, manager: Browser, project: str
) -> None:
    refused = make(manager, project, "broker", s_connection="stream", s_place="orders")
    assert "there is no connection" in refused.text
    change = ConnectionChange(url="kafka://kafka.example:9092")
    live.hub.services.broker_connections.create(ADMIN, "stream", "kafka", change)
    fields = {"s_start": "new messages", "s_type": "body:type"}
    made = make(manager, project, "broker", s_connection="stream", s_place="orders", **fields)
    assert made.status_code == 201
    assert "<code>orders</code> over the connection <code>stream</code>" in made.text
    assert f"/in/{source_in(made.text)}" not in made.text


def test_they_are_for_managers(live: LiveHub, manager: Browser, project: str) -> None:
    source = source_in(make(manager, project).text)
    member = live.browser("Tom", project=project, role="team_member")
    for path in ("sources", "sources/new", f"sources/{source}", f"sources/{source}/delete"):
        assert member.get(f"/projects/{project}/{path}").status_code == 403
    assert "/sources" not in member.get(f"/projects/{project}").text
    other = live.project()
    stranger = live.browser("Eve", project=other, role="product_owner")
    assert stranger.get(f"/projects/{other}/sources/{source}").status_code == 404


def test_a_test_call_leads_to_its_event_and_the_command_holds_no_secret_but_once(
    manager: Browser, project: str
) -> None:
    made = make(manager, project, "github")
    path = f"/projects/{project}/sources/{source_in(made.text)}"
    [secret] = set(re.findall(r'aria-label="Secret">([\w-]{43})<', made.text))
    assert f"SECRET={secret}" in made.text
    shown = manager.get(path).text
    assert "SECRET=&#39;its secret&#39;" in shown
    assert secret not in shown
    sent = manager.submit(f"{path}/test")
    assert sent.status_code == 303
    event = manager.get(sent.headers["location"])
    assert "The test call was taken: github.test, for 0 webhooks." in event.text
    gallery = manager.get(f"/projects/{project}/apps").text
    assert f'href="{path}"' in gallery
    assert "Send a test" in gallery


def test_a_test_call_that_is_refused_says_why(manager: Browser, project: str) -> None:
    source = source_in(
        make(manager, project, "token", rate_per_s="1", s_header="X-T", s_type="body:type").text
    )
    path = f"/projects/{project}/sources/{source}"
    answers = [manager.submit(f"{path}/test") for _ in range(3)]
    refused = [answer for answer in answers if answer.status_code == 422]
    assert refused
    assert "The test call was refused" in refused[-1].text
    assert "takes 1 requests a second" in refused[-1].text
    manager.submit(f"{path}/switch", do="off")
    assert manager.submit(f"{path}/test").status_code == 409
