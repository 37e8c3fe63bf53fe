"""The fields of a hook as iceScrum's dialect takes them: what is wrong, what binds, what is kept."""

import pytest

from connectors.icescrum.catalogue import EVENT_TYPES, PRESETS
from tests.rigs.api import Client
from tests.rigs.icescrum_client import IceScrumClient, Json, hook
from tests.rigs.receivers import Receiver


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"hook": {"events": ["story.create"]}}, "url"),
        ({"hook": {"url": "http://127.0.0.1:4711/in"}}, "events"),
        (hook(events=[]), "events"),
        (hook(events=["  "]), "events"),
        (hook(events="story.create"), "events"),
        (hook(events=[7]), "events"),
        (hook(url=7), "url"),
        (hook(url=""), "url"),
        (hook(url="ftp://example.com/"), "url"),
        (hook(url="http://169.254.169.254/latest"), "url"),
        (hook(url="no url"), "url"),
        (hook(url="http://127.0.0.1:4711/" + "x" * 3000), "url"),
        (hook(enabled="yes"), "enabled"),
        (hook(ignoreSsl=1), "ignoreSsl"),
        (hook(secret=7), "secret"),
        (hook(secret="whsec_!"), "secret"),
        (hook(secret="x" * 5000), "secret"),
        (hook(secret="a\0b"), "secret"),
        (hook(url="http://127.0.0.1:4711/\0"), "url"),
    ],
)
def test_a_wrong_field_is_a_400_with_icescrums_list(
    ice: IceScrumClient, path: str, body: Json, field: str
) -> None:
    answer = ice.post(path, json=body)
    assert answer.status_code == 400
    found = answer.json()
    assert [list(one) for one in found] == [["text"]] * len(found)
    assert found[0]["text"].endswith(f" - {field}")
    assert ice.get(path).json() == []


def test_all_that_is_missing_is_named_at_once(ice: IceScrumClient, path: str) -> None:
    texts = [one["text"] for one in ice.post(path, json={"hook": {}}).json()]
    assert [text.rpartition(" - ")[2] for text in texts] == ["url", "events"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"hook": {"url": }}', b"\xff\xfe", b"[]", b"7", b"null", b'"hook"', b'{"hook": 7}', b"{}"],
)
def test_a_body_that_is_no_hook_is_a_400_with_one_text(ice: IceScrumClient, path: str, body: bytes) -> None:
    answer = ice.post(path, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["text"]
    assert answer.json()["text"]


def test_a_body_that_is_too_large_is_refused_in_the_same_shape(ice: IceScrumClient, path: str) -> None:
    answer = ice.post(path, json=hook(padding="x" * 1_100_000))
    assert answer.status_code == 413
    assert list(answer.json()) == ["text"]


def test_an_unknown_event_is_refused_by_name_and_the_rest_is_not_taken(
    ice: IceScrumClient, path: str
) -> None:
    answer = ice.post(path, json=hook(events=["story.create", "story.crate", "feature.state"]))
    assert answer.status_code == 400
    text = " ".join(one["text"] for one in answer.json())
    assert "story.crate" in text
    assert "feature.state" in text
    assert ice.get(path).json() == []
    number = ice.post(path, json=hook()).json()["id"]
    changed = ice.put(f"{path}/{number}", json={"hook": {"events": ["user.create"]}})
    assert changed.status_code == 400
    assert "user.create" in changed.json()[0]["text"]
    assert ice.get(f"{path}/{number}").json()["events"] == ["story.create"]


@pytest.mark.parametrize("code", [info.code for info in EVENT_TYPES])
def test_each_code_of_icescrum_can_be_subscribed_to(ice: IceScrumClient, path: str, code: str) -> None:
    made = ice.post(path, json=hook(events=[f" {code} "]))  # spaces are stripped, as there
    assert (made.status_code, made.json()["events"]) == (201, [code])


def test_the_presets_stand_for_their_events(ice: IceScrumClient, path: str) -> None:
    story = ice.post(path, json=hook(events=["story"])).json()
    assert sorted(story["events"]) == sorted(PRESETS["story"])
    assert sorted(ice.post(path, json=hook(events=["all"])).json()["events"]) == sorted(
        info.code for info in EVENT_TYPES
    )


def test_only_the_five_fields_bind(ice: IceScrumClient, api: Client, path: str) -> None:
    sent = hook(
        source="webhook",
        id=77,
        countErrors=4,
        workspaceId=1,
        workspaceType="portfolio",
        eventMessageRendererClass="org.Evil",
        lastError="x",
        dateCreated="2001-01-01T00:00:00Z",
        format="github",
        manual_edit=True,
        headers={"Authorization": "x"},
    )
    made = ice.post(path, json=sent).json()
    assert (made["source"], made["countErrors"], made["eventMessageRendererClass"]) == ("resthook", 0, None)
    assert made["id"] != 77
    ours = api.get("/hooks").json()[0]
    assert (ours["format"], ours["manual_edit"], ours["headers"]) == ("icescrum", False, {})
    changed = ice.put(f"{path}/{made['id']}", json={"hook": {"source": "webhook", "countErrors": 9, "id": 5}})
    assert changed.status_code == 200
    assert {**changed.json(), "lastUpdated": ""} == {**made, "lastUpdated": ""}


@pytest.mark.parametrize("client", ["webclient", "anything", ""])
def test_the_source_comes_from_the_credential_and_not_from_a_header(
    ice: IceScrumClient, path: str, client: str
) -> None:
    made = ice.post(path, json=hook(), headers={"x-icescrum-client": client}).json()
    assert made["source"] == "resthook"


def test_a_secret_is_shown_once_when_it_is_made_and_never_again(
    ice: IceScrumClient, api: Client, path: str
) -> None:
    made = ice.post(path, json=hook(secret="s3cret"))
    assert made.json()["secret"] == "s3cret"
    one = f"{path}/{made.json()['id']}"
    answers = [
        ice.get(one),
        ice.get(path),
        ice.put(one, json={"hook": {"enabled": True}}),
        ice.put(one, json={"hook": {"secret": "n3w"}}),
    ]
    for answer in answers:
        assert "s3cret" not in answer.text
        assert "n3w" not in answer.text
    assert "s3cret" not in api.get("/hooks").text
    assert ice.post(path, json=hook()).json()["secret"] is None


def test_an_empty_secret_clears_it_and_a_null_one_does_not(
    ice: IceScrumClient, api: Client, path: str
) -> None:
    number = ice.post(path, json=hook(secret="s3cret")).json()["id"]
    ice.put(f"{path}/{number}", json={"hook": {"secret": None}})
    assert api.get("/hooks").json()[0]["has_secret"] is True
    ice.put(f"{path}/{number}", json={"hook": {"secret": ""}})
    assert api.get("/hooks").json()[0]["has_secret"] is False


@pytest.mark.parametrize(
    "fields",
    [
        {"events": ["*"], "secret": "s3cret"},
        {
            "events": ["story.*", "hook.disabled"],
            "secret": "s3cret",
            "headers": {"X-Key": "v"},
            "name": "Mine",
        },
        {"events": ["story.create"], "enabled": False, "verify_ssl": False},
        {"events": ["*"], "format": "standard", "secret": "s3cret"},
    ],
)
def test_a_hook_that_is_read_and_written_back_loses_nothing(
    ice: IceScrumClient, api: Client, path: str, receiver: Receiver, fields: Json
) -> None:
    before = api.post("/hooks", json={"target_url": receiver.url, **fields}).json()
    before.pop("secret")
    read = ice.get(path).json()[0]
    for method in ("PUT", "POST"):
        written = ice.request(method, f"{path}/{read['id']}", json={"hook": read})
        assert written.status_code == 200
        assert {**written.json(), "lastUpdated": ""} == {**read, "lastUpdated": ""}
    after = api.get(f"/hooks/{before['id']}").json()
    assert {**after, "updated_at": ""} == {**before, "updated_at": ""}
    if before["enabled"]:
        ping = api.post(f"/hooks/{before['id']}/ping").json()
        assert ping["success"] is True
        signed = receiver.wait_for(1)[0]
        assert ("webhook-signature" in signed.headers) is ("secret" in fields)
