"""The file for Power Automate: valid, on a page of the docs, and true of the API."""

import json

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator

from hub.web.api.calls import PREFIX
from hub.web.docs import swagger
from tests.connectors.test_connect_pages import SWAGGER
from tests.rigs.api import LiveHub
from tests.rigs.document import BASE_URL, OPERATIONS
from tests.rigs.receivers import Receiver


@pytest.mark.parametrize(
    ("base_url", "host", "base_path", "scheme"),
    [
        ("https://hub.example", "hub.example", "/api/v1", "https"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", "/api/v1", "http"),
        ("https://example.com/hub", "example.com", "/hub/api/v1", "https"),
    ],
)
def test_the_file_for_power_automate_is_swagger_2_and_names_the_hub(
    base_url: str, host: str, base_path: str, scheme: str
) -> None:
    made = json.loads(json.dumps(swagger.document(base_url)))
    assert list(OpenAPIV2SpecValidator(made).iter_errors()) == []
    assert (made["host"], made["basePath"], made["schemes"]) == (host, base_path, [scheme])


def test_the_page_about_power_automate_shows_the_file_that_is_served() -> None:
    made = json.loads(json.dumps(swagger.document(BASE_URL)))
    made["info"]["version"] = SWAGGER["info"]["version"]
    assert made == SWAGGER


def test_the_file_for_power_automate_is_true_of_the_api(
    live: LiveHub, project: str, receiver: Receiver
) -> None:
    flow = live.client("subscribe", project=project, app="power_automate")
    made = swagger.document(live.url)
    for path, item in made["paths"].items():
        for method in item.keys() & {"get", "post", "delete"}:
            assert (method.upper(), PREFIX + path) in OPERATIONS
    choice = made["paths"]["/hooks"]["post"]["parameters"][0]["schema"]["properties"]["event"][
        "x-ms-dynamic-values"
    ]
    assert all(
        {choice["value-path"], choice["value-title"]} <= one.keys() for one in flow.get("/event-types").json()
    )
    subscribed = flow.post("/hooks", json={"target_url": receiver.url, "event": "hook.disabled"})
    assert subscribed.status_code == 201
    assert flow.delete(subscribed.headers["Location"]).status_code == 200
