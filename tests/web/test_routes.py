"""What is where: unknown addresses, wrong methods, HEAD, and a slash at the end."""

import pytest

from hub.web.api.calls import PREFIX
from hub.web.docs.open_calls import DOCUMENT_PATHS, HEALTH_PATHS
from hub.web.routes import CALLS
from tests.rigs.api import Client, LiveHub
from tests.rigs.problems import (
    EVERY,
    filled,
    name_of,
    problem_of,
)

NOWHERE = [
    "/nope",
    "/",
    "/hooks/a/b/c",
    "/hooks//",
    "/events/x/y",
    "/%00",
    "/..",
    "/hooks;x=1",
    "/openapi.yaml",
]


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_what_is_not_there_is_404_or_405(root: Client, method: str, path: str) -> None:
    answer = root.request(method, path)
    if answer.status_code not in (200, 400, 422):  # `/hooks//` is `/hooks`
        problem_of(answer, 404, 405)
    else:
        assert path == "/hooks//"


OF_A_NAMED_ONE = {
    f"{PREFIX}/events/preview": {"GET", "DELETE"},
    f"{PREFIX}/hooks/preview": {"GET", "PUT", "PATCH", "DELETE"},
}
"""These are about the event, or the hook, `preview`."""


@pytest.mark.parametrize(
    "path", sorted({PREFIX + call.path for call in CALLS} | set(DOCUMENT_PATHS) | set(HEALTH_PATHS))
)
def test_a_wrong_method_is_told_the_right_ones(root: Client, live: LiveHub, path: str) -> None:
    right = {call.method for call in CALLS if PREFIX + call.path == path} or {"GET"}
    right |= {"POST"} if path == f"{PREFIX}/events" else set()
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - right:
        answer = root.request(method, live.url + filled(path))
        if method in OF_A_NAMED_ONE.get(path, ()):
            continue
        problem_of(answer, 405)
        assert {name.strip() for name in answer.headers["Allow"].split(",")} - {"HEAD"} == right


@pytest.mark.parametrize(
    "path", sorted({call.path for call in CALLS if call.method == "GET" and "{" not in call.path})
)
def test_head_is_get_without_a_body(root: Client, path: str) -> None:
    got, headed = root.get(path), root.head(path)
    assert (headed.status_code, headed.content) == (got.status_code, b"")
    assert headed.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("where", EVERY, ids=name_of)
def test_a_trailing_slash_makes_no_difference_and_nothing_redirects(
    root: Client, where: tuple[str, str]
) -> None:
    plain = root.request(where[0], filled(where[1]))
    slashed = root.request(where[0], filled(where[1]) + "/")
    assert (slashed.status_code, slashed.headers["content-type"]) == (
        plain.status_code,
        plain.headers["content-type"],
    )
    assert not 300 <= slashed.status_code < 400
    assert not 300 <= plain.status_code < 400
