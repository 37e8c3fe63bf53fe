"""The examples of the document: each fits its schema, and the hub takes what they show."""

from typing import Any

import pytest

from hub.web.api.calls import PREFIX
from hub.web.docs import examples
from tests.rigs.api import Client
from tests.rigs.document import DOCUMENT, OPERATIONS, Json, errors_of
from tests.rigs.receivers import Receiver

MEDIA = [
    (where, media)
    for where, operation in [
        *OPERATIONS.items(),
        *((("WEBHOOK", key), item["post"]) for key, item in DOCUMENT["webhooks"].items()),
    ]
    for part in [operation.get("requestBody", {}), *operation["responses"].values()]
    for media in part.get("content", {}).values()
] + [
    (("RESPONSE", name), media)
    for name, answer in DOCUMENT["components"]["responses"].items()
    for media in answer["content"].values()
]
EXAMPLES = [
    (" ".join(where), media["schema"], value)
    for where, media in MEDIA
    for value in (
        [media["example"]]
        if "example" in media
        else [one["value"] for one in media.get("examples", {}).values()]
    )
]


@pytest.mark.parametrize(
    ("where", "schema", "value"), EXAMPLES, ids=[f"{where} {n}" for n, (where, _, _) in enumerate(EXAMPLES)]
)
def test_every_example_is_what_its_schema_says(where: str, schema: Json, value: Any) -> None:
    assert errors_of(schema, value) == []


def test_there_are_examples_for_the_calls_that_people_begin_with() -> None:
    shown = {where for where, _, _ in EXAMPLES}
    assert shown >= {
        f"POST {PREFIX}/hooks",
        f"POST {PREFIX}/events",
        "RESPONSE UnprocessableContent",
        "WEBHOOK standard",
    }
    assert {(method, PREFIX + path) for method, path in examples.SAID} <= set(OPERATIONS)


def test_the_hub_takes_the_subscriptions_and_events_that_the_document_shows(
    api: Client, receiver: Receiver
) -> None:
    subscribe = OPERATIONS["POST", f"{PREFIX}/hooks"]["requestBody"]["content"]["application/json"][
        "examples"
    ]
    for one in subscribe.values():
        answer = api.post("/hooks", json={**one["value"], "target_url": receiver.url})
        assert answer.status_code == 201
        assert (
            errors_of(
                OPERATIONS["POST", f"{PREFIX}/hooks"]["responses"]["201"]["content"]["application/json"][
                    "schema"
                ],
                answer.json(),
            )
            == []
        )
    for path in ("/schedules", "/sources"):
        for body in examples.of("POST", path).bodies.values():
            assert api.post(path, json=body).status_code == 201
    content = OPERATIONS["POST", f"{PREFIX}/events"]["requestBody"]["content"]
    for one in content["application/json"]["examples"].values():
        assert api.post("/events", json=one["value"]).status_code == 202
    lines = content["application/x-ndjson"]["example"].encode()
    assert (
        api.post("/events", data=lines, headers={"Content-Type": "application/x-ndjson"}).json()["accepted"]
        == 2
    )
