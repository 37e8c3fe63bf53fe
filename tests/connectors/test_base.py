"""What every format is by default: whom an answer blames, and that a format of its own says only what differs."""

import pytest

from connectors.base import Answer, Context, Event, Format, Judgement
from connectors.registry import format_of

DATA = '{"class":"Story","id":23,"name":"Hébergement","effort":1.10}'.encode()
EVENT = Event(
    id="evt_1", type="story.create", timestamp="2026-11-23T21:04:06.123Z", project="TRAVEL", data=DATA
)
EVERY = pytest.mark.parametrize(
    "form",
    [format_of(key) for key in ("standard", "icescrum", "github", "cloudevents")],
    ids=lambda form: form.key,
)


class Shout(Format):
    """What a chat's format is: its text, its limits, and the answers that mean something else there."""

    key = "shout"
    content_type = "text/plain"

    def body(self, event: Event) -> bytes:
        return self.escape(event.type).encode()

    def escape(self, text: str) -> str:
        return text.upper().replace("<", "&lt;")

    def judge(self, answer: Answer) -> Judgement:
        if answer.status == 200 and answer.body != b"ok":
            return Judgement("event", answer.body.decode())
        return super().judge(answer)


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


def test_a_format_of_its_own_says_only_what_differs() -> None:
    parcel = Shout().request(Event("evt_1", "a<b", EVENT.timestamp, "TRAVEL", b"{}"), Context("dlv_1"))
    assert (parcel.body, parcel.headers) == (b"A&lt;B", {"Content-Type": "text/plain"})
    assert Shout().judge(Answer(200, body=b"ok")) == Judgement()
    assert Shout().judge(Answer(200, body=b"no such room")) == Judgement("event", "no such room")
    assert Shout().judge(Answer(404)).blames == "receiver"
