"""The audit log: who changed what, filtered and paged, and never a secret."""

import ast
import re
from html import unescape
from pathlib import Path

import pytest

from hub.web.pages.audit_log import ACTIONS
from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import plain

pytestmark = pytest.mark.usefixtures("restored")


def test_the_audit_log_says_who_changed_what_and_never_a_secret(
    live: LiveHub, project: str, admin: Browser
) -> None:
    api = live.client(project=project)
    hook = api.post(
        "/hooks",
        json={"target_url": "http://127.0.0.1:8009/", "event": "*", "secret": "a secret of ours, long"},
    ).json()
    api.patch(
        f"/hooks/{hook['id']}", json={"name": '"><script>alert(1)</script>', "headers": {"X-A": "hush"}}
    )
    text = admin.get(f"/audit?object={hook['id']}").text
    assert "<script>alert" not in text
    assert "Changed a hook" in text
    assert "headers: changed, not shown" in plain(text)
    assert "hush" not in text
    assert "a secret of ours" not in text
    assert plain(text).count("hook.created") == 1


def test_the_audit_log_is_filtered_and_paged(live: LiveHub, project: str, admin: Browser) -> None:
    for n in range(60):
        live.client("admin", project=None).patch("/settings", json={"failure_limit": n + 1})
    first = admin.get("/audit?object=settings").text
    assert first.count("settings.changed") == 50
    [older] = re.findall(r'href="\?([^"]*before=aud_\w+[^"]*)">Older', unescape(first))
    assert admin.get(f"/audit?{older}").text.count("settings.changed") >= 10
    assert "No entries with this filter" in admin.get("/audit?object=nothing").text
    assert "No entries with this filter" in admin.get("/audit?actor=nobody").text
    hook = live.client(project=project).post(
        "/hooks", json={"target_url": "http://127.0.0.1:8009/", "event": "*", "name": "Ledger"}
    )
    [entry] = live.client("admin", project=None).get("/audit", params={"object": hook.json()["id"]}).json()
    text = admin.get(f"/audit?actor={entry['actor']}&project={project}").text
    assert re.findall(r'/hooks/(hook_\w+)"[^>]*>Ledger</a>', text) == [hook.json()["id"]]
    assert admin.get("/audit?project=NOSUCH").status_code == 422


def test_every_action_that_is_audited_has_its_words() -> None:
    audited: set[str] = set()
    for path in (Path(__file__).parents[3] / "hub").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.add":
                audited |= texts_in(node.args[2])
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "action":
                audited |= texts_in(node.value)
    assert len(audited) > 30
    assert audited - ACTIONS.keys() == set()


def texts_in(node: ast.expr) -> set[str]:
    constants = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
    return {text for text in constants if isinstance(text, str) and "." in text}
