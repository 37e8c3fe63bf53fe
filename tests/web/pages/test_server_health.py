"""Health: what waits, who works, and what to look at."""

import pytest

from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import plain

pytestmark = pytest.mark.usefixtures("restored")


def test_health_says_what_waits_who_works_and_what_to_look_at(live: LiveHub, admin: Browser) -> None:
    live.hub.services.scheduler.beat()
    live.hub.services.scheduler.count_backlog()
    text = admin.get("/health").text
    words = plain(text)
    assert "1 worker delivers" in words
    assert "127.0.0.0/8 is allowed by HUB_OUTBOUND_ALLOW" in words
    assert "1 thing to look at" in words
    assert "Size of the database, 14 days" in text
    part = admin.get("/health", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert part.strip().startswith('<div class="stackup" id="health"')
