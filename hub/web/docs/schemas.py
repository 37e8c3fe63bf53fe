"""JSON Schemas of what calls take and answer, so written that client generators understand them.

Owns what differs from pydantic's own. A field that may be left out has no `null` as its default:
openapi-typescript would then demand it. A tuple says `items` beside its `prefixItems`: openapi-generator
reads only these. A time is marked as one.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from hub.web.api.calls import Call
from hub.web.api.models import Envelope, PublishInput, ReceiptAnswer, ReceiptsAnswer

Json = dict[str, Any]

REF = "#/components/schemas/{model}"
TIMES = ("at", "timestamp", "since", "until")
Mode = Literal["validation", "serialization"]


class ForGenerators(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        """A field's name says it: generators would make class names of such titles."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("default", "") is None:
            del made["default"]
        return made

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        made = super().tuple_schema(schema)
        kinds = [kind for n, kind in enumerate(made["prefixItems"]) if kind not in made["prefixItems"][:n]]
        return {**made, "items": kinds[0] if len(kinds) == 1 else {"anyOf": kinds}}


class Schemas:
    """The schema of each call's body and answer, and what they share."""

    def __init__(self, calls: Sequence[Call]) -> None:
        kinds: list[tuple[str, Mode, Any]] = [
            ("publish", "validation", PublishInput),
            ("publish", "serialization", ReceiptAnswer),
            ("publish many", "serialization", ReceiptsAnswer),
            ("envelope", "serialization", Envelope),
        ]
        for call in calls:
            kinds.append((_key(call), "serialization", call.answer))
            if call.body is not None:
                kinds.append((_key(call), "validation", call.body))

        adapters: Iterable[Any] = [(key, mode, TypeAdapter(kind)) for key, mode, kind in kinds]
        self._found, shared = TypeAdapter.json_schemas(
            adapters, schema_generator=ForGenerators, ref_template=REF
        )
        self.shared: Json = shared.get("$defs", {})
        for model in self.shared.values():
            _mark_times(model.get("properties", {}))

    def body(self, call: Call) -> Json:
        return self.of(_key(call), "validation")

    def answer(self, call: Call) -> Json:
        return self.of(_key(call), "serialization")

    def of(self, key: str, mode: Mode) -> Json:
        return self._found[key, mode]


def _mark_times(fields: Json) -> None:
    """Times have the names that the house gives them, and one form (RFC 3339)."""
    for name, schema in fields.items():
        if name.endswith("_at") or name in TIMES:
            for one in (schema, *schema.get("anyOf", ())):
                if one.get("type") == "string":
                    one["format"] = "date-time"


def _key(call: Call) -> str:
    return f"{call.method} {call.path}"
