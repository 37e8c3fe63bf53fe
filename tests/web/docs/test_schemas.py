"""Schemas of the document: times, limits and nulls, as client generators understand them."""

from collections.abc import Iterator
from typing import Any

from hub.rules.settings import DEFINITIONS
from tests.rigs.document import DOCUMENT, OPERATIONS, Json


def every_schema(part: Any, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every object of the document that could be a schema, and where it stands."""
    if isinstance(part, dict):
        yield path, part
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, one in inner:
        if key not in ("example", "examples"):
            yield from every_schema(one, f"{path}/{key}")


def test_every_setting_is_described_with_its_range() -> None:
    described = DOCUMENT["components"]["schemas"]["SettingsInput"]["properties"]
    assert described.keys() == DEFINITIONS.keys()
    assert (described["failure_limit"]["type"], described["failure_limit"]["minimum"]) == ("integer", 0)
    assert (
        described["failure_limit"]["description"]
        == "Switch a hook off after so many; 0 = never (failures in a row)"
    )
    assert described["retry_schedule_s"]["items"]["type"] == "number"


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
    assert nullable == {
        *("name", "headers", "secret", "handshake", "filter", "template", "settings"),
        *("rate_limit", "digest", "delay_s", "retry_schedule_s", "ordering", "fifo_on_failure"),
    }
    assert not {"url", "hookUrl", "event"} & new["properties"].keys()
