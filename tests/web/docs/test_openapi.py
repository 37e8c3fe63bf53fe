"""The API holds its own document: it is valid, whole, and every example in it is what its schema says."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV31SpecValidator
from referencing import Registry, Resource
from starlette.routing import Route

from hub.rules.settings import DEFINITIONS
from hub.web.api.calls import PREFIX
from hub.web.docs import examples, openapi, operations, swagger
from hub.web.docs.open_calls import HEALTH_PATHS
from hub.web.routes import CALLS, application
from tests.connectors.test_connect_pages import SWAGGER
from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Receiver

Json = dict[str, Any]
BASE_URL = "https://hub.example"
DOCUMENT = json.loads(json.dumps(openapi.document(CALLS, BASE_URL)))
OPERATIONS = {
    (method.upper(), path): operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in ("get", "post", "put", "patch", "delete")
}
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
REGISTRY = Registry().with_resource("", Resource.opaque(DOCUMENT))


def errors_of(schema: Json, value: Any) -> list[str]:
    whole = {**schema, "components": DOCUMENT["components"]}
    return [error.message for error in jsonschema.Draft202012Validator(whole).iter_errors(value)]


def is_ours(path: str) -> bool:
    return path.startswith(PREFIX) or path in HEALTH_PATHS


def test_the_document_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_every_route_is_in_the_document_and_nothing_else(live: LiveHub) -> None:
    routed = {
        (method, route.path)
        for route in application(live.hub.services, lambda app: None).routes
        if isinstance(route, Route) and is_ours(route.path)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert routed == set(OPERATIONS)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_each_call_says_its_parameters_its_body_and_every_status(call: Any) -> None:
    operation = OPERATIONS[call.method, PREFIX + call.path]
    named = {one["name"] for one in operation["parameters"] if "name" in one}
    assert named == set(re.findall(r"\{(\w+)\}", call.path)) | call.query.model_fields.keys()
    assert {"$ref": "#/components/parameters/project"} in operation["parameters"] or not call.is_about_project
    assert ("requestBody" in operation) == (call.body is not None)
    assert set(operation["responses"]) == {
        str(status) for status in (call.status, *operations.statuses(call))
    }
    assert operation["responses"].keys() >= {"401", "422", "500", "503"}


def test_every_setting_is_described_with_its_range() -> None:
    described = DOCUMENT["components"]["schemas"]["SettingsInput"]["properties"]
    assert described.keys() == DEFINITIONS.keys()
    assert (described["failure_limit"]["type"], described["failure_limit"]["minimum"]) == ("integer", 0)
    assert (
        described["failure_limit"]["description"]
        == "Switch a hook off after so many; 0 = never (failures in a row)"
    )
    assert described["retry_schedule_s"]["items"]["type"] == "number"


def test_operations_are_told_apart() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)
    assert {operation["tags"][0] for operation in OPERATIONS.values()} <= set(openapi.TAGS)


def test_every_problem_is_problem_json_and_waiting_ones_say_how_long() -> None:
    for name, answer in DOCUMENT["components"]["responses"].items():
        assert list(answer["content"]) == ["application/problem+json"], name
    assert "Retry-After" in DOCUMENT["components"]["responses"]["ServiceUnavailable"]["headers"]
    assert "Location" in OPERATIONS["POST", f"{PREFIX}/hooks"]["responses"]["201"]["headers"]
    assert "Link" in OPERATIONS["GET", f"{PREFIX}/hooks"]["responses"]["200"]["headers"]


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
    assert {(method, PREFIX + path) for method, path in examples.calls_with_examples()} <= set(OPERATIONS)


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
    content = OPERATIONS["POST", f"{PREFIX}/events"]["requestBody"]["content"]
    for one in content["application/json"]["examples"].values():
        assert api.post("/events", json=one["value"]).status_code == 202
    lines = content["application/x-ndjson"]["example"].encode()
    assert (
        api.post("/events", data=lines, headers={"Content-Type": "application/x-ndjson"}).json()["accepted"]
        == 2
    )


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


def test_it_serves_the_document_to_everybody_and_never_redirects(live: LiveHub) -> None:
    nobody = live.client_with(None)
    for path in ("/openapi.json", "/openapi.json/", "/swagger.json"):
        answer = nobody.get(path, headers={"If-None-Match": "*"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
    assert nobody.get("/openapi.json").json() == json.loads(json.dumps(openapi.document(CALLS, live.url)))
    assert nobody.get("/openapi.json").json()["servers"] == [{"url": live.url}]


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


def every_schema(part: Any, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every object of the document that could be a schema, and where it stands."""
    if isinstance(part, dict):
        yield path, part
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, one in inner:
        if key not in ("example", "examples"):
            yield from every_schema(one, f"{path}/{key}")


def test_generators_find_nothing_in_the_document_that_they_stumble_over() -> None:
    """Each line is what one of them made a broken client of."""
    for path, schema in every_schema(DOCUMENT):
        assert schema.get("default", "") is not None, f"{path}: openapi-typescript demands the field"
        assert not isinstance(schema.get("const"), bool), f"{path}: openapi-generator has no such type"
        assert "prefixItems" not in schema or "items" in schema, f"{path}: openapi-generator reads only items"
    tags = {operation["tags"][0] for operation in OPERATIONS.values()}
    for name, item in DOCUMENT["webhooks"].items():
        assert not tags & set(item["post"]["tags"]), f"{name}: its class would take the place of another"


def test_times_are_said_to_be_times_wherever_they_stand() -> None:
    marked = {
        f"{model}.{name}"
        for model, schema in DOCUMENT["components"]["schemas"].items()
        for name, field in schema.get("properties", {}).items()
        if "date-time" in [one.get("format") for one in (field, *field.get("anyOf", ()))]
    }
    assert marked >= {
        "Envelope.timestamp", "ReceiptAnswer.timestamp", "PublishInput.occurred_at", "HookAnswer.created_at", "HookAnswer.next_attempt_at",
        "ReplayInput.since", "ReplayInput.until", "TokenInput.expires_at", "AttemptAnswer.started_at", "AuditAnswer.at",
    }  # fmt: skip


def test_a_new_hook_needs_its_target_and_events_and_null_is_offered_only_where_it_means_something() -> None:
    new, change = (DOCUMENT["components"]["schemas"][model] for model in ("NewHook", "HookUpdate"))
    assert new["required"] == ["target_url", "events"]
    assert "required" not in change
    nullable = {
        name for name, field in change["properties"].items() if {"type": "null"} in field.get("anyOf", ())
    }
    assert nullable == {"name", "headers", "secret", "handshake"}
    assert not {"url", "hookUrl", "event"} & new["properties"].keys()
