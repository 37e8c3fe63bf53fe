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
from hub.web.api.calls import PREFIX
from hub.web.docs.open_calls import DOCUMENT_PATHS
from hub.web.routes import CALLS

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
        assert f"`{name}`" in CONFIGURATION.split("`…_FILE`")[0].rpartition("\n\n")[2]


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
        while isinstance(command, click.Group) and words:
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


def test_the_pictures_are_small_and_shown() -> None:
    words = "\n".join(page.read_text() for page in PAGES)
    for picture in (ROOT / "docs" / "pictures").glob("*.png"):
        assert picture.stat().st_size < 150_000
        assert f"pictures/{picture.name}" in words


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


def shown_calls(text: str) -> set[tuple[str, str]]:
    """(method, path) of every call that a page shows: as text, or as a curl command."""
    named = set(re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/api/v1/[\w/{}.-]+)", text))
    for command in re.findall(r"curl (?:\\\n|[^\n`])+", text):
        path = re.search(r"https?://[^/\s\"']+(/api/v1/[\w/{}$.-]+)", command)
        method = re.search(r"-X ?(\w+)", command)
        if path:
            named.add((method[1] if method else "POST" if " -d " in command else "GET", path[1]))
    return {(method, f"{path}ID" if path.endswith("/") else path) for method, path in named}


def needed_scopes(method: str, path: str) -> set[str]:
    """Any one of these, as the table of calls says; a page writes ids in capitals."""
    if (method, path) == ("POST", f"{PREFIX}/events"):
        return {"publish"}
    if path in DOCUMENT_PATHS:
        return set(SCOPES)
    for call in sorted(CALLS, key=lambda call: "{" in call.path):
        if call.method == method and re.fullmatch(PREFIX + re.sub(r"{\w+}", "[^/]+", call.path), path):
            return {*call.scopes, "admin"} if call.scopes else set(SCOPES)
    raise AssertionError(f"there is no call {method} {path}")


@pytest.mark.parametrize("document", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_call_that_is_shown_exists_and_the_tokens_of_its_page_may_make_it(document: Path) -> None:
    text = document.read_text()
    tokens = [set(re.findall(r"--scope (\w+)", line)) for line in re.findall(r"token create[^\n`]*", text)]
    tokens += [{scope} for scope in re.findall(r"scope\s+`(\w+)`", text)] if tokens else []
    for method, path in sorted(shown_calls(text)):
        needed = needed_scopes(method, path)
        assert not tokens or any(token & needed for token in tokens), f"{method} {path} takes {needed}"
