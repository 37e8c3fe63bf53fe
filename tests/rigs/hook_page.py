"""The page of one hook, as a manager looks at it and presses its buttons."""

import re
from collections.abc import Callable
from html import unescape

import requests

from tests.rigs.api import Browser, Client, LiveHub
from tests.rigs.receivers import Receiver


class HookPage:
    """One hook, looked at by a manager."""

    def __init__(self, live: LiveHub, project: str, browser: Browser, receiver: Receiver) -> None:
        self.api: Client = live.client(project=project)
        self.browser = browser
        self.project = project
        made = self.api.post(
            "/hooks",
            json={
                "target_url": receiver.url,
                "events": ["order.*"],
                "name": "Ledger",
                "headers": {"X-Key": "hush"},
                "manual_edit": True,
            },
        )
        self.secret = str(made.json()["secret"])
        self.id = str(made.json()["id"])
        self.path = f"/projects/{project}/hooks/{self.id}"

    def publish(self, count: int = 1) -> None:
        self.api.post("/events", json=[{"type": "order.paid", "data": {"n": n}} for n in range(count)])

    def is_in(self, state: str) -> Callable[[], bool]:
        return lambda: self.api.get(f"/hooks/{self.id}").json()["state"] == state

    def text(self, query: str = "") -> str:
        return self.browser.get(f"{self.path}{query}").text

    def press(self, action: str, **fields: str) -> requests.Response:
        return self.browser.submit(f"{self.path}/{action}", **fields)

    def said(self, answer: requests.Response) -> str:
        """What the page says once, after a form."""
        assert answer.status_code == 303, answer.text
        shown = re.search(
            r'role="status"[^>]*>(.*?)</p>', self.browser.get(answer.headers["location"]).text, re.S
        )
        assert shown is not None
        return unescape(shown[1]).strip()
