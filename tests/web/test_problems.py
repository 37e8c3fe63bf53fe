"""From an exception to an answer: the status of each refusal, and that a fault of ours says nothing of itself."""

import json
import logging
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from hub import errors
from hub.errors import Busy, HubError, Invalid, Malformed, NotFound, Refusal, StoreUnavailable, StoreUndecided
from hub.web.problems import (
    ERRORS_MAX,
    FIELD_MAX_CHARS,
    STATUSES,
    TEXT_MAX_CHARS,
    Problem,
    json_answer,
    problem_of,
)

REFUSALS = [kind for kind in vars(errors).values() if isinstance(kind, type) and Refusal in kind.__bases__]


@pytest.mark.parametrize("kind", REFUSALS)
def test_every_refusal_of_the_layers_below_has_a_status(kind: type[Refusal]) -> None:
    assert STATUSES[kind] in range(400, 600)


def test_a_refusal_keeps_its_words_and_its_fields() -> None:
    problem = problem_of(Invalid([("name", "must not be empty"), ("events[0]", "is no pattern")]))
    assert (problem.status, problem.title) == (422, Invalid.title)
    assert problem.errors == [("name", "must not be empty"), ("events[0]", "is no pattern")]
    assert problem_of(NotFound("there is no such hook", title="No such hook")).title == "No such hook"
    assert problem_of(Problem(415, "x")).title == "Wrong content type"
    assert Problem(418, "x").title == "I'm a Teapot", "what we have no title for, HTTP has one for"


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        (Problem(401, "x"), {"WWW-Authenticate": 'Bearer realm="hookhub"'}),
        (Busy("x", retry_after_s=7), {"Retry-After": "7"}),
        (StoreUnavailable("x"), {"Retry-After": "5"}),
        (StoreUndecided("x"), {"Retry-After": "5"}),
        (errors.TooLarge([("data", "x")]), {"Connection": "close"}),
        (Malformed([("body", "x")]), {}),
    ],
)
def test_what_a_client_does_next_stands_in_the_headers(error: Exception, headers: dict[str, str]) -> None:
    assert problem_of(error).headers() == headers


def test_a_change_that_may_have_been_made_is_not_called_undone() -> None:
    assert "nothing was changed" in problem_of(StoreUnavailable("x")).detail
    assert "may have taken the change" in problem_of(StoreUndecided("x")).detail


def test_a_wrong_method_of_the_router_is_a_problem_too() -> None:
    problem = problem_of(HTTPException(405))
    assert (problem.status, problem.title) == (405, "Wrong method")


@pytest.mark.parametrize("error", [RuntimeError("secret"), HubError("secret")])
def test_a_fault_of_ours_is_logged_and_says_nothing_of_itself(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "hub.web"):
        answer = json_answer(problem_of(error))
    assert (answer.status_code, b"secret" in answer.body) == (500, False)
    assert "secret" in caplog.text


def test_an_answer_does_not_grow_with_what_was_sent() -> None:
    long: list[tuple[str, str]] = [("f" * 10_000, "m" * 10_000)] * 1000
    answer = json_answer(Problem(422, "d" * 10_000, errors=long))
    body: dict[str, Any] = json.loads(bytes(answer.body))
    assert answer.media_type == "application/problem+json"
    assert (body["status"], body["type"], len(body["detail"])) == (422, "about:blank", TEXT_MAX_CHARS)
    assert len(body["errors"]) == ERRORS_MAX
    assert body["errors"][0] == {"field": "f" * FIELD_MAX_CHARS, "message": "m" * TEXT_MAX_CHARS}
