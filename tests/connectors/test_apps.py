"""The connectors, each against what its file argues: its page, its format, what may be done by hand."""

from pathlib import Path

import pytest

from connectors import registry
from connectors.registry import (
    connector,
)

DOCS = Path(__file__).parents[2] / "docs"
OURS = list(registry.CONNECTORS)


@pytest.mark.parametrize("key", OURS)
def test_each_connector_is_whole_and_has_its_page(key: str) -> None:
    found = connector(key)
    assert found.key == key
    assert found.format is None or found.format in registry.FORMATS
    assert found.summary.endswith(".")
    page = (DOCS / found.docs).read_text()
    assert page.startswith("# ")
    assert f"--app {key} " in page or key == "webhooks", "the page says how to make a token for this app"


def test_the_edit_rules_are_the_ones_argued_in_each_file() -> None:
    assert {key: connector(key).edit_rule.value for key in OURS} == {
        "webhooks": "full",
        "icescrum": "full",
        "zapier": "switch",
        "n8n": "switch",
        "make": "switch",
        "power_automate": "none",
        "activepieces": "switch",
        "pipedream": "switch",
    }


def test_hooks_of_apps_get_the_standard_format_and_icescrums_its_own() -> None:
    formats = {key: connector(key).format for key in OURS}
    assert (formats.pop("webhooks"), formats.pop("icescrum")) == (None, "icescrum")
    assert set(formats.values()) == {"standard"}


def test_only_zapier_is_told_that_its_hook_is_gone() -> None:
    assert [key for key in OURS if connector(key).reverse_unsubscribe] == ["zapier"]
