"""The four formats: the bytes and headers of one event, as a receiver of each kind reads them."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import PING_EVENT_TYPE, Answer, Context, Event, Format, Judgement
from connectors.icescrum.catalogue import examples
from connectors.registry import format_of

DATA = '{"class":"Story","id":23,"name":"Hébergement","effort":1.10}'.encode()
EVENT = Event(
    id="evt_1", type="story.create", timestamp="2026-11-23T21:04:06.123Z", project="TRAVEL", data=DATA
)
FOR_PROGRAMS = ("standard", "icescrum", "github", "cloudevents")
EVERY = pytest.mark.parametrize(
    "form",
    [format_of(key) for key in FOR_PROGRAMS],
    ids=lambda form: form.key,
)


def headers_of(form: Format, event: Event = EVENT, secrets: tuple[str, ...] = ()) -> dict[str, str]:
    """What the format adds beside its content type."""
    headers = dict(form.request(event, Context("dlv_1", secrets)).headers)
    assert headers.pop("Content-Type") == form.content_type
    return headers


def test_the_standard_body_is_the_envelope_around_the_published_bytes() -> None:
    assert format_of("standard").body(EVENT) == (
        b'{"id":"evt_1","type":"story.create","timestamp":"2026-11-23T21:04:06.123Z","project":"TRAVEL","data":'
        + DATA
        + b"}"
    )
    assert format_of("standard").content_type == "application/json"
    assert headers_of(format_of("standard"), secrets=("s3cret",)) == {}, "its signature is on every format"


def test_the_cloudevents_body_is_a_structured_event_of_version_1_0() -> None:
    form = format_of("cloudevents")
    assert form.content_type == "application/cloudevents+json"
    assert form.body(EVENT).endswith(b'"data":' + DATA + b"}")
    assert json.loads(form.body(EVENT)) == {
        "specversion": "1.0",
        "id": "evt_1",
        "source": "/projects/TRAVEL",
        "type": "story.create",
        "time": "2026-11-23T21:04:06.123Z",
        "datacontenttype": "application/json",
        "data": json.loads(DATA),
    }
    assert headers_of(form, secrets=("s3cret",)) == {}


def test_icescrum_gets_the_object_itself_and_its_event_code_bare() -> None:
    form = format_of("icescrum")
    assert form.body(EVENT) == DATA
    assert form.content_type == "application/json"
    assert headers_of(form) == {"x-icescrum-event": "story.create"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Car domain", "25c501a68d7d71d041bb8064c8a9c079b5b2b470"),
        ("Hébergement", "42c20f75acedd693ab0930bb6993b55009f35f8c"),
    ],
)
def test_icescrum_gets_the_bare_hex_sha1_of_the_newest_secret(name: str, expected: str) -> None:
    """The vectors were measured with a real iceScrum 7.55."""
    event = Event(
        "evt_1",
        "story.update",
        EVENT.timestamp,
        "TRAVEL",
        f'{{"class":"Story","id":23,"name":"{name}"}}'.encode(),
    )
    assert headers_of(format_of("icescrum"), event, ("s3cret", "older"))["x-icescrum-signature"] == expected


def test_github_receivers_get_its_headers_and_both_signatures() -> None:
    """The vector is GitHub's own, from its page on validating deliveries."""
    event = Event("evt_1", "push", EVENT.timestamp, "TRAVEL", b"Hello, World!")
    form = format_of("github")
    assert form.body(event) == b"Hello, World!"
    assert headers_of(form, event, ("It's a Secret to Everybody", "older")) == {
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": "dlv_1",
        "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "X-Hub-Signature": "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59",
    }


@EVERY
@pytest.mark.parametrize("secrets", [(), ("",)])
def test_without_a_secret_no_format_writes_a_signature_header(form: Format, secrets: tuple[str, ...]) -> None:
    assert not [name for name in headers_of(form, secrets=secrets) if "signature" in name.lower()]


@pytest.mark.parametrize("key", ["icescrum", "github"])
def test_a_secret_with_the_standard_prefix_is_a_text_like_any_other_to_receivers_that_know_none(
    key: str,
) -> None:
    secret = "whsec_czNjcmV0"
    form = format_of(key)
    wanted = hmac.new(secret.encode(), form.body(EVENT), hashlib.sha1).hexdigest()
    headers = headers_of(form, secrets=(secret,))
    assert wanted in (headers.get("x-icescrum-signature"), headers.get("X-Hub-Signature", "")[len("sha1=") :])
    assert headers != headers_of(form, secrets=("s3cret",))


def test_a_test_delivery_is_a_ping_to_githubs_receivers() -> None:
    """GitHub's own name for it: receivers answer it and start nothing."""
    ping = Event("evt_1", PING_EVENT_TYPE, EVENT.timestamp, "TRAVEL", b"{}")
    assert headers_of(format_of("github"), ping)["X-GitHub-Event"] == "ping"
    assert headers_of(format_of("icescrum"), ping)["x-icescrum-event"] == "hook.ping"


@EVERY
def test_only_printable_ascii_leaves_in_headers(form: Format) -> None:
    for value in headers_of(form, secrets=("Schlüssel",)).values():
        assert value.isascii()
        assert value.isprintable()


json_objects = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    value=json_objects,
    escaped=st.booleans(),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:")]),
    words=st.tuples(st.text(), st.text(), st.text(), st.text()),
)
def test_data_is_sent_byte_for_byte_whatever_the_envelope_holds(
    value: object, escaped: bool, separators: tuple[str, str], words: tuple[str, str, str, str]
) -> None:
    data = json.dumps(value, ensure_ascii=escaped, separators=separators).encode("utf-8", "surrogatepass")
    event = Event(*words, data=data)
    for key in FOR_PROGRAMS:
        form = format_of(key)
        body = form.body(event)
        assert body == form.body(event), "the same bytes on every attempt"
        if key in ("icescrum", "github"):
            assert body == data
        else:
            assert body.endswith(b',"data":' + data + b"}")
            read = json.loads(body.removesuffix(data + b"}") + b"null}")
            assert (read["id"], read["type"]) == words[:2]


@EVERY
def test_numbers_and_letters_are_sent_as_they_were_written(form: Format) -> None:
    data = examples("story.create")
    body = form.body(Event("evt_1", "story.create", EVENT.timestamp, "TRAVEL", data))
    assert b'"effort":1.10' in body
    assert "Hébergement".encode() in body


@EVERY
def test_what_is_sent_is_a_post_of_the_body(form: Format) -> None:
    parcel = form.request(EVENT, Context("dlv_1"))
    assert (parcel.method, parcel.body) == ("POST", form.body(EVENT))
    assert parcel == form.request(EVENT, Context("dlv_1")), "the same on every attempt"


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


def test_a_format_of_its_own_says_only_what_differs() -> None:
    parcel = Shout().request(Event("evt_1", "a<b", EVENT.timestamp, "TRAVEL", b"{}"), Context("dlv_1"))
    assert (parcel.body, parcel.headers) == (b"A&lt;B", {"Content-Type": "text/plain"})
    assert Shout().judge(Answer(200, body=b"ok")) == Judgement()
    assert Shout().judge(Answer(200, body=b"no such room")) == Judgement("event", "no such room")
    assert Shout().judge(Answer(404)).blames == "receiver"
