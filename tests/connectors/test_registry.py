"""The registry: what is there, what installed packages may add, and what an unknown key is told."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import ModuleType

import pytest

from connectors import registry
from connectors.base import Connector, EditRule, Event, Format
from connectors.hmac_source import HmacSource
from connectors.registry import (
    Unknown,
    connector,
    connector_keys,
    format_keys,
    format_of,
    source,
    source_keys,
)

OURS = list(registry.CONNECTORS)


class ShoutingFormat(Format):
    key = "shouting"
    content_type = "text/plain"

    def body(self, event: Event) -> bytes:
        return b"HELLO"


class AcmeSource(HmacSource):
    key = "acme"
    name = "Acme"
    summary = "What Acme tells."
    proof = "An HMAC."
    docs = "acme.md"
    headers = ("x-acme",)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """The entry points that seem installed: fill the list before asking the registry."""
    module = ModuleType("acme_hooks")
    module.CONNECTOR = Connector("acme", "Acme", EditRule.NONE, "shouting", "It shouts.", "connect/acme.md")  # type: ignore[attr-defined]
    module.FORMAT = ShoutingFormat()  # type: ignore[attr-defined]
    module.SOURCE = AcmeSource()  # type: ignore[attr-defined]
    module.TEXT = "not a connector"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "acme_hooks", module)
    entries: list[EntryPoint] = []
    monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints(entries).select(group=group))
    registry.forget_loaded()
    yield entries
    registry.forget_loaded()


@pytest.mark.parametrize("key", list(registry.FORMATS))
def test_each_format_fulfils_the_contract(key: str) -> None:
    assert isinstance(format_of(key), Format)
    assert format_of(key).key == key


def test_an_unknown_key_is_told_the_known_ones() -> None:
    with pytest.raises(
        Unknown, match=r"no connector 'zapir': use one of webhooks, icescrum, zapier, n8n"
    ) as fault:
        connector("zapir")
    assert isinstance(fault.value, LookupError)
    with pytest.raises(
        Unknown,
        match=r"no format 'xml': use one of standard, icescrum, github, cloudevents, slack, .*email$",
    ) as fault_of_format:
        format_of("xml")
    assert isinstance(fault_of_format.value, LookupError)


def test_a_module_is_loaded_when_first_asked_for_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.forget_loaded()
    loads: list[str] = []
    real = registry.import_module
    monkeypatch.setattr(registry, "import_module", lambda name: loads.append(name) or real(name))
    assert "zapier" in connector_keys()
    assert loads == []
    assert connector("zapier") is connector("zapier")
    assert loads == ["connectors.apps.zapier"]


def test_an_installed_package_adds_a_connector_and_a_format(installed: list[EntryPoint]) -> None:
    installed.append(EntryPoint("acme", "acme_hooks:CONNECTOR", registry.CONNECTOR_GROUP))
    installed.append(EntryPoint("shouting", "acme_hooks:FORMAT", registry.FORMAT_GROUP))
    installed.append(EntryPoint("acme", "acme_hooks:SOURCE", registry.SOURCE_GROUP))
    assert connector_keys() == [*OURS, "acme"]
    assert format_keys() == [*registry.FORMATS, "shouting"]
    assert connector("acme").name == "Acme"
    assert (source_keys()[-1], source("acme").key) == ("acme", "acme")
    assert format_of("shouting").body(object()) == b"HELLO"  # type: ignore[arg-type]
    with pytest.raises(Unknown, match="acme"):
        connector("other")


def test_an_installed_package_cannot_take_the_place_of_ours(installed: list[EntryPoint]) -> None:
    installed.append(EntryPoint("zapier", "acme_hooks:CONNECTOR", registry.CONNECTOR_GROUP))
    assert connector_keys() == OURS
    assert connector("zapier").name == "Zapier"


@pytest.mark.parametrize("path", ["acme_hooks:TEXT", "acme_hooks:MISSING", "acme_hooks:CONNECTOR"])
def test_an_entry_point_that_is_not_what_it_says_is_refused(installed: list[EntryPoint], path: str) -> None:
    installed.append(EntryPoint("wrong", path, registry.CONNECTOR_GROUP))
    installed.append(EntryPoint("wrong", path, registry.FORMAT_GROUP))
    installed.append(EntryPoint("wrong", path, registry.SOURCE_GROUP))
    with pytest.raises(TypeError, match="acme_hooks"):
        connector("wrong")
    with pytest.raises(TypeError, match="acme_hooks"):
        format_of("wrong")
    with pytest.raises(TypeError, match="acme_hooks"):
        source("wrong")
    assert connector("n8n").key == "n8n", "a broken package hurts nobody else"


@pytest.mark.parametrize(
    ("name", "path", "reason"),
    [
        ("wrong", "acme_hooks:TEXT", "TypeError: acme_hooks:TEXT is not the source 'wrong'"),
        ("acme", "acme_hooks:BARE", "TypeError: acme_hooks:BARE lacks name, summary, docs, proof"),
        ("lost", "no_such_module_here:SOURCE", "ModuleNotFoundError: No module named"),
        ("github", "acme_hooks:SOURCE", "the key is the hub's own already"),
    ],
)
def test_what_cannot_be_loaded_is_named_and_stands_in_no_list(
    installed: list[EntryPoint], name: str, path: str, reason: str
) -> None:
    class Bare(HmacSource):
        key = "acme"

    sys.modules["acme_hooks"].BARE = Bare()  # type: ignore[attr-defined]
    installed.append(EntryPoint(name, path, registry.SOURCE_GROUP))
    installed.append(EntryPoint("acme", "acme_hooks:CONNECTOR", registry.CONNECTOR_GROUP))

    [broken] = registry.broken()
    assert (broken.group, broken.key) == (registry.SOURCE_GROUP, name)
    assert broken.reason.startswith(reason)
    assert source_keys() == list(registry.SOURCES)
    assert connector_keys() == [*OURS, "acme"], "it hurts nobody else"


def test_a_package_that_ends_the_program_when_it_is_loaded_is_named_too(
    installed: list[EntryPoint], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ends_here.py").write_text("raise SystemExit('usage: ends_here FILE')")
    monkeypatch.syspath_prepend(tmp_path)
    installed.append(EntryPoint("ends", "ends_here:SOURCE", registry.SOURCE_GROUP))

    assert source_keys() == list(registry.SOURCES)
    assert [broken.reason for broken in registry.broken()] == ["SystemExit: usage: ends_here FILE"]


def test_a_missing_module_keeps_its_own_error(installed: list[EntryPoint]) -> None:
    installed.append(EntryPoint("lost", "no_such_module_here:CONNECTOR", registry.CONNECTOR_GROUP))
    with pytest.raises(ModuleNotFoundError, match="no_such_module_here"):
        connector("lost")
