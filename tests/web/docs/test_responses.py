"""Refusals in the document are those that the hub answers."""

from hub.web.api.calls import PREFIX
from tests.rigs.document import DOCUMENT, OPERATIONS


def test_every_problem_is_problem_json_and_waiting_ones_say_how_long() -> None:
    for name, answer in DOCUMENT["components"]["responses"].items():
        assert list(answer["content"]) == ["application/problem+json"], name
    assert "Retry-After" in DOCUMENT["components"]["responses"]["ServiceUnavailable"]["headers"]
    for made in ("hooks", "connections", "schedules", "sources"):
        assert "Location" in OPERATIONS["POST", f"{PREFIX}/{made}"]["responses"]["201"]["headers"]
    assert "Link" in OPERATIONS["GET", f"{PREFIX}/hooks"]["responses"]["200"]["headers"]
