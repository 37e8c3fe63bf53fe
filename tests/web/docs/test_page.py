"""The page of the API: everything comes from the hub, nothing is inline, and a browser shows every operation
without a complaint.
"""

import base64
import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from hub.web.api.calls import PREFIX
from hub.web.docs import page as docs
from hub.web.routes import CALLS
from tests.rigs.api import LiveHub
from tests.rigs.waiting import DEADLINE_S, until

STATIC = Path(docs.__file__).parents[2] / "static"
VENDOR = STATIC / "vendor"
HOOK = {"target_url": "https://example.com/hooks/stories", "event": "story.create"}


def test_vendored_files_are_what_their_list_says() -> None:
    listed = {
        file["path"]: file["sha384"] for file in tomllib.loads((VENDOR / "vendor.toml").read_text())["file"]
    }
    shipped = {
        path.relative_to(VENDOR).as_posix(): path.read_bytes()
        for path in (STATIC / docs.SWAGGER_UI).iterdir()
    }
    assert not any(b"sourceMappingURL" in content for content in shipped.values())
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        path = f"{docs.SWAGGER_UI.removeprefix('vendor/')}/{name}"
        assert base64.b64encode(hashlib.sha384(shipped[path]).digest()).decode() == listed[path]
    assert {"LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"} <= {Path(name).name for name in shipped}


def test_the_page_holds_no_script_and_names_only_the_hub(live: LiveHub) -> None:
    nobody = live.client_with(None)
    for path in ("/docs", "/docs/"):
        answer = nobody.get(live.url + path)
        assert answer.status_code == 200
        assert "script-src 'self'; " in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'; " in answer.headers["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]* src=)", answer.text) == []
    assert re.findall(r" on\w+=|javascript:|https?://", answer.text) == []
    named = re.findall(r'(?:src|href)="(/[^"]*)"', answer.text)
    assert len(named) >= 4
    named.remove("/")  # the way to the pages
    for path in named:
        got = nobody.get(live.url + path)
        assert (got.status_code, got.headers["content-type"].partition(";")[0]) in {
            (200, "text/css"), (200, "text/javascript"), (200, "application/json"),
        }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["/static/../config.py", "/static/%2e%2e/config.py", "/static/", "/static/vendor", "/static/none.js"],
)
def test_no_other_file_is_served(live: LiveHub, path: str) -> None:
    assert live.client_with(None).get(live.url + path).status_code == 404


def test_a_browser_shows_every_operation_and_tries_one_out(live: LiveHub, page: Any) -> None:
    complaints: list[str] = []
    hosts: set[str | None] = set()
    page.set_default_timeout(DEADLINE_S * 1000)
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda request: hosts.add(urlsplit(request.url).hostname or urlsplit(request.url).scheme)
    )
    page.add_init_script(
        "window.refused = []; addEventListener('securitypolicyviolation', e => window.refused.push(e.violatedDirective))"
    )
    page.goto(f"{live.url}/docs")
    page.locator(".opblock").first.wait_for()
    wanted = {PREFIX + call.path for call in CALLS}

    def shown() -> set[str]:
        blocks = [block.split("\n") for block in page.locator(".opblock-summary").all_inner_texts()]
        return {block[1].strip().replace("\u200b", "") for block in blocks if len(block) > 1}

    until(shown, lambda paths: paths >= wanted)

    page.locator("#operations-health-healthz .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table .response-col_status", has_text="200").wait_for()

    assert page.evaluate("window.refused") == []
    assert complaints == []
    assert hosts <= {"127.0.0.1", "data"}


def test_the_webhooks_are_shown_and_the_subscription_with_its_example(live: LiveHub, page: Any) -> None:
    page.set_default_timeout(DEADLINE_S * 1000)
    page.goto(f"{live.url}/docs#/hooks/post_hooks")
    page.locator("#operations-hooks-post_hooks .opblock-body").wait_for()
    body = page.locator("#operations-hooks-post_hooks .opblock-section-request-body")
    expect(body).to_contain_text(HOOK["target_url"])
    expect(page.get_by_text("Webhooks", exact=True)).to_have_count(1)
