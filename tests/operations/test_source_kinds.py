"""Kinds of sources: one whose package is gone or broken hurts only who uses it."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from connectors import registry
from hub.errors import Invalid
from hub.operations.source_kinds import kind_of, kinds


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The key of a kind whose package does not load."""
    entries = EntryPoints([EntryPoint("acme", "no_such_module_here:SOURCE", registry.SOURCE_GROUP)])
    monkeypatch.setattr(registry, "entry_points", lambda group: entries.select(group=group))
    registry.forget_loaded()
    yield "acme"
    registry.forget_loaded()


def test_a_broken_package_is_left_out(broken: str) -> None:
    assert registry.find_source(broken) is None
    assert [kind.key for kind in kinds()] == list(registry.SOURCES)
    with pytest.raises(Invalid, match="no kind of source"):
        kind_of(broken)


def test_an_unknown_kind_is_told_which_there_are() -> None:
    with pytest.raises(Invalid, match="'githup' is no kind of source; there are: github, gitlab"):
        kind_of("githup")
