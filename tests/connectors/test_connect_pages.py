"""The pages on how to connect each client: what can be copied from them must be well formed, and true of the
rules.
"""

import json
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator

from connectors.base import EditRule
from connectors.registry import CONNECTORS, SOURCES, connector, source

FOLDER = Path(__file__).parents[2] / "docs" / "connect"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}
BLOCKS = [
    (name, block)
    for name, text in PAGES.items()
    for block in re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
]
BODIES = [
    (name, body) for name, text in PAGES.items() for body in re.findall(r"-d '(\{.*?\})'", text, re.DOTALL)
]
SWAGGER = json.loads(next(block for name, block in BLOCKS if name == "power-automate.md"))
BY_HAND = "a person may switch the hook off and on, test it, redeliver and delete it"


def test_each_page_belongs_to_a_connector_or_a_source() -> None:
    known = {connector(key).docs for key in CONNECTORS} | {source(key).docs for key in SOURCES}
    assert {f"connect/{name}" for name in PAGES} == known - {"brokers.md"}


def test_the_page_of_a_source_is_what_the_source_says() -> None:
    script = spec_from_file_location("connect_sources", FOLDER / "sources.py")
    assert script is not None
    assert script.loader is not None
    module = module_from_spec(script)
    script.loader.exec_module(module)
    assert {name: PAGES.get(name) for name in module.pages()} == module.pages()


@pytest.mark.parametrize(("name", "block"), BLOCKS + BODIES)
def test_json_to_copy_is_json(name: str, block: str) -> None:
    assert isinstance(json.loads(block), dict), name


@pytest.mark.parametrize("key", [key for key in CONNECTORS if connector(key).edit_rule is EditRule.SWITCH])
def test_a_page_says_what_a_person_may_do(key: str) -> None:
    page = " ".join(PAGES[Path(connector(key).docs).name].split())
    assert BY_HAND in page


def test_links_between_pages_lead_somewhere() -> None:
    links = [
        (name, target) for name, text in PAGES.items() for target in re.findall(r"\]\(([^)#:]+)\)", text)
    ]
    assert links
    assert [(name, target) for name, target in links if not (FOLDER / target).is_file()] == []


def test_the_power_automate_definition_is_swagger_2() -> None:
    assert list(OpenAPIV2SpecValidator(SWAGGER).iter_errors()) == []


def test_the_power_automate_definition_has_what_a_webhook_trigger_needs() -> None:
    """Microsoft, "Use a webhook as a trigger": single trigger, injected address, a body described, and a
    hidden DELETE.
    """
    hooks = SWAGGER["paths"]["/hooks"]
    subscribe = hooks["post"]
    properties = subscribe["parameters"][0]["schema"]["properties"]
    assert subscribe["x-ms-trigger"] == "single"
    assert properties["target_url"] == {
        "type": "string",
        "x-ms-notification-url": True,
        "x-ms-visibility": "internal",
    }
    assert hooks["x-ms-notification-content"]["schema"] == {"$ref": "#/definitions/Event"}
    assert SWAGGER["paths"]["/hooks/{id}"]["delete"]["x-ms-visibility"] == "internal"
    offered = {
        operation["operationId"]
        for path in SWAGGER["paths"].values()
        for operation in path.values()
        if "operationId" in operation
    }
    assert properties["event"]["x-ms-dynamic-values"]["operationId"] in offered
    assert list(SWAGGER["definitions"]["Event"]["properties"]) == [
        "id",
        "type",
        "timestamp",
        "project",
        "data",
    ]
