"""What the document says of deliveries is what comes."""

import json

from hub.web.docs import examples
from tests.rigs.api import Client
from tests.rigs.document import DOCUMENT, errors_of
from tests.rigs.receivers import Receiver


def test_the_webhooks_section_has_what_every_format_sends() -> None:
    assert set(DOCUMENT["webhooks"]) == {"standard", "icescrum", "github", "cloudevents"}
    for item in DOCUMENT["webhooks"].values():
        names = {one["name"] for one in item["post"]["parameters"]}
        assert names >= {
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
            "x-hub-attempt",
            "x-hub-delivery",
        }
    github = {one["name"]: one["required"] for one in DOCUMENT["webhooks"]["github"]["post"]["parameters"]}
    assert github["X-GitHub-Event"] is True
    assert github["X-Hub-Signature-256"] is False
    assert list(DOCUMENT["webhooks"]["cloudevents"]["post"]["requestBody"]["content"]) == [
        "application/cloudevents+json"
    ]


def test_what_comes_is_what_the_webhooks_section_says(api: Client, receiver: Receiver) -> None:
    forms = list(DOCUMENT["webhooks"])
    for form in forms:
        made = {
            "target_url": f"{receiver.url}?{form}",
            "event": "story.*",
            "format": form,
            "secret": "a secret",
        }
        assert api.post("/hooks", json=made).status_code == 201
    api.post("/events", json=examples.PUBLISH_ONE)
    for request in receiver.wait_for(len(forms)):
        said = DOCUMENT["webhooks"][request.path.partition("?")[2]]["post"]
        assert {one["name"].lower() for one in said["parameters"]} <= set(request.headers)
        media = said["requestBody"]["content"][request.headers["content-type"]]
        assert errors_of(media["schema"], json.loads(request.body)) == []
        assert json.loads(request.body).keys() == media["example"].keys()
