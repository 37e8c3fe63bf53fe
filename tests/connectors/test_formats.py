"""The four formats: the bytes and headers of one event, as a receiver of each kind reads them."""

import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import BATCH_EVENT_TYPE, PING_EVENT_TYPE, Batch, Context, Event, Format, HttpParcel
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
def test_several_events_are_one_body_that_holds_each_as_it_was_published(form: Format) -> None:
    other = replace(EVENT, id="evt_2", data=b'{"n": 1.10}')
    batch = Batch("bat_1", [EVENT, other])
    parcel = form.batch_request(batch, Context("bat_1", ("s3cret",)))
    assert isinstance(parcel, HttpParcel)
    assert DATA in parcel.body
    assert other.data in parcel.body
    told = json.loads(parcel.body)
    events = told if form.key == "cloudevents" else told["events"]
    assert [(one["id"], one["type"]) for one in events] == [
        ("evt_1", "story.create"),
        ("evt_2", "story.create"),
    ]
    assert form.key == "cloudevents" or told["id"] == "bat_1"
    named = {"icescrum": "x-icescrum-event", "github": "X-GitHub-Event"}.get(form.key)
    assert named is None or parcel.headers[named] == BATCH_EVENT_TYPE
    assert parcel == form.batch_request(batch, Context("bat_1", ("s3cret",)))
    own = form.batch_request(batch, Context("bat_1", text="{}"))
    assert own.body == b"{}"
