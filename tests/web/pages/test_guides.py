"""Guides: every document that the gallery names is there, and links between them lead on."""

import re

from connectors import registry
from hub.web.pages import guides
from tests.rigs.api import Browser, LiveHub


def test_all_that_connectors_name_is_there() -> None:
    named = {registry.source(key).docs for key in registry.source_keys()}
    named |= {registry.connector(key).docs for key in registry.connector_keys()}
    named |= {registry.format_of(key).docs for key in registry.format_keys()}
    assert {name.partition("#")[0] for name in named if name} <= guides.titles().keys()
    assert not any(name.startswith("design/") for name in guides.titles())


def test_whoever_is_signed_in_reads_them_and_goes_from_one_to_the_next(
    live: LiveHub, project: str, manager: Browser
) -> None:
    assert manager.get("/guide").status_code == 200
    page = manager.get("/guide/connect/github.md")
    assert "<h1>Connect GitHub</h1>" in page.text
    assert 'href="../sources.md"' in page.text
    gallery = manager.get(f"/projects/{project}/apps").text
    named = set(re.findall(r'href="(/guide/[^"]+)"', gallery))
    assert len(named) > 20
    assert [path for path in sorted(named) if manager.get(path).status_code != 200] == []
    for wrong in ("/guide/nope.md", "/guide/connect/nope.md", "/guide/..%2Fpyproject.toml"):
        assert manager.get(wrong).status_code == 404
    assert "/sign-in" in live.stranger().get("/guide").headers["location"]
