"""The documentation keeps up with the program: every variable, setting, command and link that it names is
there, and none is left out.
"""

import re
from pathlib import Path

import click
import pytest

from hub import cli
from hub.config import NAMES, SECRET_NAMES
from hub.engine.delivery import USER_AGENT
from hub.rules.access import SCOPES
from hub.rules.settings import DEFINITIONS

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()


def table_rows(text: str) -> dict[str, list[str]]:
    """First cell without its backticks → the cells of the row."""
    rows = [
        [cell.strip() for cell in line.strip("| ").split(" | ")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]
    return {row[0].strip("| `"): row for row in rows}


ROWS = table_rows(CONFIGURATION)


def test_every_variable_is_documented_and_no_other() -> None:
    assert sorted(name for name in ROWS if name.startswith("HUB_")) == sorted(NAMES)
    for name in SECRET_NAMES:
        assert f"`{name}`" in CONFIGURATION.split("_FILE")[0].rpartition("\n\n")[2]


@pytest.mark.parametrize("key", DEFINITIONS)
def test_a_setting_is_documented_with_its_default_unit_range_and_meaning(key: str) -> None:
    one = DEFINITIONS[key]
    assert ROWS[key][1:] == [str(one.default), one.unit, one.bounds, one.help]


def test_no_setting_is_documented_that_is_none() -> None:
    assert {name for name in ROWS if not name.startswith("HUB_")} == set(DEFINITIONS)


@pytest.mark.parametrize("document", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_within_the_project_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_is_shown_exists_with_its_options(document: Path) -> None:
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", document.read_text(), re.DOTALL))
    for line in re.findall(r"(?:^|[`$(/=])hookhub ([a-z][^`#\n]*)", code, re.MULTILINE):
        words = line.replace("|", " ").split()
        command: click.Command | None = cli.cli
        while isinstance(command, click.Group):
            assert words, line
            command = command.get_command(click.Context(command), words[0])
            assert command is not None, line
            words = words[1:]
        assert command is not None
        options = {option for parameter in command.params for option in parameter.opts}
        shown = {word.partition("=")[0].strip("[]()\"';,") for word in words if re.match(r"\[?--[a-z]", word)}
        assert shown <= options, line
        for scope in re.findall(r"--scope (\w+)", line):
            assert scope in SCOPES


@pytest.mark.parametrize("document", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_variable_that_is_shown_exists(document: Path) -> None:
    known = {*NAMES, *(f"{name}_FILE" for name in SECRET_NAMES), "HUB_TEST_PG_URL"}
    assert set(re.findall(r"\bHUB_[A-Z_]*[A-Z]\b", document.read_text())) <= known


def test_the_readme_shows_how_to_start_subscribe_and_publish_first() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 150
    first = "\n".join(lines[:40])
    for shown in ("make demo", "make run", "/api/v1/hooks", "/api/v1/events", "docs/pictures/"):
        assert shown in first


def test_the_picture_is_small() -> None:
    assert (ROOT / "docs" / "pictures" / "home.png").stat().st_size < 150_000


def test_the_delivery_page_names_every_state_and_header() -> None:
    text = (ROOT / "docs" / "delivery.md").read_text()
    for state in ("active", "failing", "auto_disabled", "disabled", "gone"):
        assert f"`{state}`" in text
    for header in (
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "x-hub-attempt",
        "x-hub-delivery",
        "x-hub-hops",
    ):
        assert f"`{header}`" in text
    assert USER_AGENT.startswith("hookhub/")
