"""What an answer means: whom it blames, by its status, in every format of ours."""

import pytest

from connectors.base import Answer, Format
from connectors.registry import format_of

EVERY = pytest.mark.parametrize(
    "form",
    [format_of(key) for key in ("standard", "icescrum", "github", "cloudevents")],
    ids=lambda form: form.key,
)


@EVERY
@pytest.mark.parametrize(
    ("status", "blames"),
    [
        (200, None),
        (201, None),
        (299, None),
        (101, "receiver"),
        (300, "receiver"),
        (304, "receiver"),
        (401, "receiver"),
        (403, "receiver"),
        (404, "receiver"),
        (410, "gone"),
        (429, "later"),
        (502, "receiver"),
        (503, "receiver"),
        (999, "receiver"),
        *((status, "event") for status in (400, 409, 413, 415, 422, 500)),
        (None, None),  # a transport without numbers: an answer means that it was taken
    ],
)
def test_the_status_says_whom_an_answer_blames(form: Format, status: int | None, blames: str | None) -> None:
    found = form.judge(Answer(status))
    assert found.blames == blames
    assert (found.reason is None) == (blames is None)


def test_a_redirect_says_where_to_and_that_it_is_not_followed() -> None:
    moved = Answer(302, headers=[("location", "https://example.com/new")])
    assert Format().judge(moved).reason == (
        "answered 302, a redirect to https://example.com/new:"
        " redirects are not followed, so the hook must name the final URL"
    )
    for odd in ("", "x" * 5000, "a\x1b[2J\n"):
        reason = str(Format().judge(Answer(301, headers=[("Location", odd)])).reason)
        assert reason.startswith("answered 301")
        assert reason.isprintable()
        assert len(reason) < 500


def test_a_header_of_an_answer_is_found_in_any_letter_case() -> None:
    answer = Answer(200, headers=[("RETRY-after", "1"), ("Retry-After", "2")])
    assert (answer.header("Retry-After"), answer.header("X-None")) == ("1", "")
