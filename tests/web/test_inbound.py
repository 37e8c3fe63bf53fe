"""`POST /in/{id}`: what senders are answered, over HTTP, and what their hubs keep of it."""

import gzip
import hashlib
import hmac
import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from starlette.applications import Starlette
from starlette.testclient import TestClient

from hub.rules.settings import Settings
from hub.store.models import Event
from hub.web.callers import Callers
from hub.web.inbound import inbound_route
from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import DEADLINE_S, until

Json = dict[str, Any]

SECRET = "It's a Secret to Everybody"
BODY = b'{ "action":"opened","price" :1.10,"name":"H\xc3\xa9bergement","big":12345678901234567890123}\n'
REFUSED = "nothing at this address takes this request: the address or what proves the sender is wrong"


def made(api: Client, kind: str = "github", **fields: Any) -> Json:
    given = {"secret": SECRET, **fields} if kind != "none" else fields
    answer = api.post("/sources", json={"kind": kind, **given})
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


def signed(body: bytes = BODY, secret: str = SECRET, **more: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    names = {name.replace("_", "-"): value for name, value in more.items()}
    return {
        "X-Hub-Signature-256": f"sha256={digest}",
        "X-GitHub-Event": "pull_request",
        "Content-Type": "application/json",
        **names,
    }


def send(url: str, body: bytes = BODY, **headers: str) -> requests.Response:
    return requests.post(url, data=body, headers=headers or signed(body), timeout=DEADLINE_S)


def counts(live: LiveHub, api: Client, source_id: str) -> tuple[int, int, int, int]:
    live.hub.services.scheduler.write_counts()
    found = api.get(f"/sources/{source_id}").json()
    return found["accepted"], found["duplicates"], found["dropped"], found["refused"]


def test_an_event_arrives_byte_for_byte_and_goes_to_the_hooks_that_want_it(
    live: LiveHub, api: Client, receiver: Receiver
) -> None:
    api.post("/hooks", json={"target_url": receiver.url, "event": "github.*", "format": "github"})
    source = made(api)
    answer = send(source["url"], **signed(X_GitHub_Delivery="d-1"))
    assert answer.status_code == 200
    receipt = answer.json()
    assert receipt == {
        "id": receipt["id"],
        "type": "github.pull_request.opened",
        "duplicate": False,
    }
    [got] = receiver.wait_for(1)
    assert got.body == BODY
    kept = live.hub.database.read(lambda: Event.get_by_id(receipt["id"]))
    assert (bytes(kept.data), kept.source_id) == (BODY, source["id"])
    assert "github.pull_request.opened" in [one["id"] for one in api.get("/event-types").json()]


def test_the_same_id_is_taken_once_and_answered_alike(live: LiveHub, api: Client) -> None:
    source = made(api)
    first = send(source["url"], **signed(X_GitHub_Delivery="d-1")).json()
    again = send(source["url"], **signed(X_GitHub_Delivery="d-1"))
    assert (again.status_code, again.json()) == (200, {**first, "duplicate": True})
    other = made(api)
    for key in ("d-2", f"{source['id']}:d-2"):  # no publisher takes a sender's id before it comes
        assert api.post("/events", json={"type": "a.b", "data": {}, "id": key}).status_code == 202
    assert send(source["url"], **signed(X_GitHub_Delivery="d-2")).json()["duplicate"] is False
    assert len(api.get("/events").json()) == 4
    assert send(other["url"], **signed(X_GitHub_Delivery="d-1")).json()["duplicate"] is False
    assert len(api.get("/events").json()) == 5
    assert counts(live, api, source["id"]) == (2, 1, 0, 0)


def test_whatever_does_not_fit_gets_one_answer_and_the_owner_sees_why(live: LiveHub, api: Client) -> None:
    source = made(api)
    unknown = source["url"][:-4] + "0000"
    answers = [
        send(source["url"], **signed(secret="another")),
        send(source["url"], BODY.replace(b"opened", b"closed"), **signed()),
        send(source["url"], **{"X-GitHub-Event": "push"}),
        send(source["url"], b"no json", **signed()),
        send(unknown),
        send(f"{live.url}/in/{'x' * 500}"),
        send(f"{live.url}/in/src_%00"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["detail"] == REFUSED
    assert counts(live, api, source["id"]) == (0, 0, 0, 4)
    listed = api.get(f"/sources/{source['id']}/refusals", params={"limit": 200}).json()
    assert listed == api.get(f"/sources/{source['id']}/refusals").json()
    page = api.get(f"/sources/{source['id']}/refusals", params={"limit": 1})
    assert api.get(page.links["next"]["url"].partition("/api/v1")[2]).json() == []
    [refusal] = api.get(f"/sources/{source['id']}/refusals").json()
    assert refusal["status"] == 401
    assert "does not match" in refusal["reason"]
    assert refusal["body"] == "no json"
    assert SECRET not in json.dumps(refusal)


def test_nothing_that_could_prove_a_sender_is_kept_of_a_refused_request(live: LiveHub, api: Client) -> None:
    source = made(api, "token", secret="s3cret-token")
    body = b'{"token":"s3cret-token"}'
    headers = {
        "Authorization": "Bearer wrong-but-telling",
        "X-Api-Key": "key-of-the-sender",
        "Cookie": "session=telling",
        "X-Note": "it was s3cret-token",
        "X-Event-Key": "repo:push",
    }
    assert send(source["url"] + "?token=telling", body, **headers).status_code == 401
    live.hub.services.scheduler.write_counts()
    [refusal] = api.get(f"/sources/{source['id']}/refusals").json()
    text = json.dumps(refusal)
    for secret in ("telling", "key-of-the-sender", "s3cret-token"):
        assert secret not in text
    assert ["x-event-key", "repo:push"] in refusal["headers"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"true", 422),
        (b'"text"', 422),
        (b'{"a":1,"a":2}', 422),
        (b'{"a":"\\ud800"}', 422),
        (b"\xff\xfe{\x00}\x00", 422),
        (b'\xef\xbb\xbf{"action":"x"}', 422),
        (b'{"a":' * 100 + b"1" + b"}" * 100, 422),
        (b'{"a":1e999}', 422),
        (b'{"action":{}}', 200),
        (b'{"action":"x"' + b" " * 30_000 + b"}", 200),
    ],
)
def test_a_proved_body_is_read_strictly(live: LiveHub, api: Client, body: bytes, status: int) -> None:
    source = made(api)
    answer = send(source["url"], body, **signed(body))
    assert answer.status_code == status, answer.text
    live.hub.services.scheduler.write_counts()
    refusals = api.get(f"/sources/{source['id']}/refusals").json()
    assert [one["status"] for one in refusals] == ([422] if status == 422 else [])


def test_an_array_is_wrapped_around_its_bytes(api: Client) -> None:
    source = made(api, "none", settings={"type": "order.many"})
    assert send(source["url"], b'[ 1.10, {"a" :2} ]', **{"X-A": "b"}).json()["type"] == "order.many"
    assert api.get("/events").text.endswith('"data":{"items":[ 1.10, {"a" :2} ]}}]')


def test_nothing_behind_an_array_becomes_a_field(api: Client) -> None:
    source = made(api, "none", settings={"type": "body:type"})
    for body in (b'[1],"type":"order.paid"', b'[1],"type":"order.paid","a":[2]'):
        assert send(source["url"], body).status_code == 422
    assert api.get("/events").json() == []


def test_a_body_may_be_as_large_as_an_event_and_no_larger(live: LiveHub, api: Client) -> None:
    source = made(api, "none", settings={"type": "big.one"})
    most = Settings().max_event_bytes
    fits = b'{"a":"' + b"x" * (most - 8) + b'"}'
    assert send(source["url"], fits, **{"X-A": "b"}).status_code == 200
    assert send(source["url"], fits[:-2] + b'x"}', **{"X-A": "b"}).status_code == 413
    assert send(source["url"], fits * 2, **{"X-A": "b"}).status_code == 413
    assert counts(live, api, source["id"])[3] == 2


def test_a_coded_body_is_refused(api: Client) -> None:
    source = made(api)
    packed = gzip.compress(BODY)
    assert send(source["url"], packed, **signed(packed, Content_Encoding="gzip")).status_code == 415


def test_only_post_is_taken_and_nothing_is_for_browsers(api: Client) -> None:
    url = made(api)["url"]
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"):
        answer = requests.request(method, url, timeout=DEADLINE_S, headers={"Origin": "https://evil.example"})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    answer = send(url)
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-type"] == "application/json"


def test_trello_asks_with_head_whether_the_address_is_there(api: Client) -> None:
    source = made(api, "trello")
    assert requests.head(source["url"], timeout=DEADLINE_S).status_code == 200
    assert requests.get(source["url"], timeout=DEADLINE_S).status_code == 405
    api.delete(f"/sources/{source['id']}")
    assert requests.head(source["url"], timeout=DEADLINE_S).status_code == 405


def test_slacks_signed_challenge_is_answered_in_plain_text_and_is_no_event(
    live: LiveHub, api: Client
) -> None:
    source = made(api, "slack", secret="s3cret")
    body = b'{"type":"url_verification","challenge":"3eZbrw1aB","token":"x"}'
    at = str(int(live.hub.database.clock.now()))
    digest = hmac.new(b"s3cret", b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}
    answer = send(source["url"], body, **headers)
    assert (answer.status_code, answer.text) == (200, "3eZbrw1aB")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert send(source["url"], body, **{**headers, "X-Slack-Signature": "v0=00"}).status_code == 401
    assert api.get("/events").json() == []


def test_a_source_that_is_off_says_200_and_counts_what_came(live: LiveHub, api: Client) -> None:
    source = made(api)
    api.patch(f"/sources/{source['id']}", json={"enabled": False})
    answer = send(source["url"], **signed(X_GitHub_Delivery="d-9"))
    assert (answer.status_code, answer.json()) == (200, {"id": None, "type": None, "duplicate": False})
    assert send(source["url"], **signed(secret="x")).status_code == 401
    assert counts(live, api, source["id"]) == (0, 0, 1, 1)
    api.patch(f"/sources/{source['id']}", json={"enabled": True})
    assert send(source["url"], **signed(X_GitHub_Delivery="d-9")).json()["duplicate"] is False


def test_the_sources_of_an_archived_project_are_off(live: LiveHub) -> None:
    project = live.project()
    source = made(live.client(project=project))
    live.archive(project)
    answer = send(source["url"])
    assert (answer.status_code, answer.json()["id"]) == (200, None)


def test_a_deleted_source_is_gone(api: Client) -> None:
    source = made(api)
    assert api.delete(f"/sources/{source['id']}").json() == {"id": source["id"], "deleted": True}
    assert send(source["url"]).status_code == 410
    assert api.get(f"/sources/{source['id']}").status_code == 404
    assert api.delete(f"/sources/{source['id']}").status_code == 404


def test_a_new_secret_counts_at_once_and_the_old_one_while_they_overlap(api: Client) -> None:
    source = made(api)
    send(source["url"])
    new = api.post(f"/sources/{source['id']}/rotate-secret", json={"overlap_hours": 1}).json()["secret"]
    assert send(source["url"], **signed(secret=new)).status_code == 200
    assert send(source["url"], **signed()).status_code == 200
    newest = api.post(f"/sources/{source['id']}/rotate-secret", json={"overlap_hours": 0}).json()["secret"]
    assert [send(source["url"], **signed(secret=one)).status_code for one in (newest, new, SECRET)] == [
        200,
        401,
        401,
    ]


def test_a_rate_is_held_and_says_when_to_come_again(live: LiveHub, api: Client) -> None:
    source = made(api, rate_per_s=1)
    answers = [send(source["url"]) for _ in range(4)]
    assert answers[0].status_code == 200
    limited = [answer for answer in answers if answer.status_code == 429]
    assert limited
    assert limited[0].headers["retry-after"] == "1"
    assert send(source["url"], **signed(secret="x")).status_code == 401


def test_a_type_that_the_project_does_not_take_is_refused_and_shown(live: LiveHub) -> None:
    api = live.client(project=live.project("icescrum"))
    source = made(api, "icescrum", secret="s3cret")
    body = b'{"id":7}'
    digest = hmac.new(b"s3cret", body, hashlib.sha1).hexdigest()
    for code, status in (("[story.create]", 200), ("story.unheard", 422), ("hook.gone", 422)):
        answer = send(source["url"], body, **{"x-icescrum-signature": digest, "x-icescrum-event": code})
        assert answer.status_code == status, answer.text
    live.hub.services.scheduler.write_counts()
    newest = api.get(f"/sources/{source['id']}/refusals").json()[0]
    assert newest["reason"].startswith("type: hook.gone is the hub's own")


def test_a_circle_of_hubs_ends_as_for_every_publisher(live: LiveHub, api: Client, receiver: Receiver) -> None:
    api.post("/hooks", json={"target_url": receiver.url, "event": "*"})
    source = made(api)
    receipt = send(source["url"], **signed(X_Hub_Hops="8")).json()
    deliveries = f"/events/{receipt['id']}/deliveries"
    [ended] = until(lambda: api.get(deliveries).json(), lambda found: found[0]["state"] == "refused")
    assert "circle" in str(ended)
    assert send(source["url"], **signed(X_Hub_Hops="eight")).status_code == 422


def test_a_request_that_stands_there_twice_in_its_headers_is_refused(live: LiveHub, api: Client) -> None:
    source = made(api)
    where = urlsplit(source["url"])
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=DEADLINE_S)
    connection.putrequest("POST", where.path)
    for name, value in [*signed().items(), ("X-Hub-Signature-256", signed()["X-Hub-Signature-256"])]:
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(BODY)))
    connection.endheaders(BODY)
    assert connection.getresponse().status == 401
    connection.close()


def test_a_sender_that_hangs_up_half_way_leaves_the_hub_alive(live: LiveHub, api: Client) -> None:
    source = made(api)
    where = urlsplit(source["url"])
    with socket.create_connection((str(where.hostname), where.port), timeout=DEADLINE_S) as half:
        half.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{" % where.path.encode())
    assert send(source["url"]).status_code == 200


def test_who_waits_too_long_is_told_to_come_again_and_finds_it_done(live: LiveHub, api: Client) -> None:
    source = made(api)
    services = live.hub.services
    hasty = Starlette(routes=[inbound_route(services, Callers(services), within_s=0)])
    headers = signed(X_GitHub_Delivery="slow-1")
    services.inbound.find(source["id"])
    with TestClient(hasty) as client:
        answer = client.post(f"/in/{source['id']}", content=BODY, headers=headers)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    until(lambda: api.get("/events").json())
    assert send(source["url"], **headers).json()["duplicate"] is True


def test_what_one_hub_sends_another_takes(live: LiveHub, api: Client, receiver: Receiver) -> None:
    """The format `standard` to a source `hookhub`, `github` to `github`, `icescrum` to `icescrum`."""
    other = live.client(project=live.project())
    sources = {}
    for form, kind, secret in (
        ("standard", "hookhub", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        ("github", "github", "s3cret"),
        ("icescrum", "icescrum", "s3cret"),
    ):
        sources[f"/hook/{form}"] = made(other, kind, secret=secret)["url"]
        hook = {
            "target_url": f"{receiver.url}/{form}",
            "event": "story.create",
            "format": form,
            "secret": secret,
        }
        assert api.post("/hooks", json=hook).status_code == 201
    api.post("/events", json={"type": "story.create", "data": {"n": 1}})
    for got in receiver.wait_for(3):
        answer = requests.post(
            sources[got.path], data=got.body, headers=dict(got.headers), timeout=DEADLINE_S
        )
        assert answer.status_code == 200, answer.text
    found = {(one["type"], json.dumps(one["data"])) for one in other.get("/events").json()}
    assert found == {("story.create", '{"n": 1}'), ("github.story.create", '{"n": 1}')}
