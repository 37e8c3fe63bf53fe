"""The strict reading of published bodies: every byte of `data` kept, everything that readers disagree on
refused, nothing else raised.
"""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hub.errors import Invalid, Malformed, TooLarge
from hub.rules.payload import (
    EVENTS_MAX,
    KEY_MAX_LENGTH,
    read_lines,
    read_one_or_many,
)
from hub.rules.strict_json import DEPTH_MAX, read_object
from hub.timestamps import iso

BIG = 1_048_576


def data_of(data: bytes) -> bytes:
    events, is_many = read_one_or_many(b'{"type":"story.create","data":' + data + b"}", BIG)
    assert not is_many
    return events[0].data


def refused(body: bytes) -> Invalid:
    with pytest.raises(Invalid) as caught:
        read_one_or_many(body, BIG)
    assert caught.value.errors
    return caught.value


def refused_data(data: bytes) -> Invalid:
    return refused(b'{"type":"story.create","data":' + data + b"}")


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'{ "a" : 1.10 ,\t"b":\r\n [ 1 , 2 ] }',
        b'{"n":1.10,"m":1E5,"o":-0.0,"p":12345678901234567890123456789,"q":0.1000000000000000055511151231257827}',
        '{"name":"Zoë ☃ 😀"}'.encode(),
        rb'{"name":"Zo\u00eb \u2603 \/ \b\f\n\r\t\"\\"}',
        rb'{"pair":"\ud83d\ude00 \uD83D\uDE00"}',
        rb'{"no surrogate":"\\ud800"}',
        rb'{"still none":"\\\\ud800 \\\\\\udfff"}',
        b'{"nul":"\\u0000","":""}',
        b'{"z":1,"a":2,"Z":3}',
        b'{"n":' + b"9" * 5000 + b"}",
        b'{"braces in a text":"' + b"[{" * 500 + b'"}',
        b"{" + b'"a":{' * (DEPTH_MAX - 1) + b"}" * DEPTH_MAX,
    ],
)
def test_the_bytes_of_data_are_kept(data: bytes) -> None:
    assert data_of(data) == data
    events, _ = read_one_or_many(b' [ {"data" :  ' + data + b'  , "type":"a.b"} ] ', BIG)
    assert events[0].data == data
    if b"\n" not in data:
        assert read_lines(b'{"type":"a.b","data":' + data + b"}\r\n", BIG)[0].data == data


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(codec="utf-8")),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), inner, max_size=4),
    ),
    max_leaves=15,
)


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), JSON, max_size=5),
    st.booleans(),
    st.sampled_from([None, 1, "\t"]),
)
def test_whatever_a_json_writer_writes_comes_back_byte_by_byte(
    value: dict[str, Any], ascii_only: bool, indent: Any
) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert data_of(data) == data


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'{"a":1,"a":2}', "a"),
        (b'{"x":{"b":1,"b":1}}', "b"),
        (b'{"x":[[{"c":1,"d":2,"c":3}]]}', "c"),
        (rb'{"a":1,"\u0061":2}', "a"),
    ],
)
def test_a_key_that_stands_there_twice_is_refused_at_every_depth(data: bytes, name: str) -> None:
    error = refused_data(data)
    assert type(error) is Invalid
    assert error.errors == [
        ("data", f"the key {name!r} stands there twice: readers would disagree on its value")
    ]


def test_a_field_of_the_event_that_stands_there_twice_is_refused() -> None:
    assert refused(b'{"type":"a.b","data":{},"type":"a.c"}').errors[0][0] == "type"
    assert refused(b'{"type":"a.b","data":{},"data":{"x":1}}').errors[0][0] == "data"


@pytest.mark.parametrize(
    "number", [b"NaN", b"Infinity", b"-Infinity", b"nan", b"01", b".5", b"+1", b"1.", b"0x10"]
)
def test_what_is_no_json_number_is_refused_as_no_json(number: bytes) -> None:
    assert type(refused_data(b'{"n":' + number + b"}")) is Malformed


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"1" + b"0" * 400 + b".0"])
def test_a_number_beyond_every_reader_is_refused(number: bytes) -> None:
    error = refused_data(b'{"n":[' + number + b"]}")
    assert type(error) is Invalid
    assert "too large" in str(error)


@pytest.mark.parametrize(
    "text",
    [
        rb"\ud800",
        rb"\udfff",
        rb"\uDC00\uD800",
        rb"\ud83d x \ude00",
        rb"\ud83d\ud83d\ude00",
        rb"\\\ud800",
        rb"\ud800\u0041",
        rb"\ud800\\udc00",
    ],
)
def test_half_a_surrogate_pair_is_refused(text: bytes) -> None:
    error = refused_data(b'{"t":"' + text + b'"}')
    assert type(error) is Invalid
    assert "surrogate" in str(error)
    refused_data(b'{"' + text + b'":1}')


@pytest.mark.parametrize("depth", [DEPTH_MAX + 1, 200, 100_000])
def test_nesting_beyond_the_limit_is_refused(depth: int) -> None:
    error = refused_data(b'{"a":' * depth + b"1" + b"}" * depth)
    assert type(error) is Invalid
    assert "nested deeper than 64" in str(error)
    refused_data(b'{"a":' + b"[" * depth + b"]" * depth + b"}")


def test_opening_brackets_without_end_are_refused() -> None:
    for body in (b"[" * 100_000, b'{"a":' * 100_000, b'{"type":"a.b","data":' + b"[" * 100_000):
        refused(body)
        with pytest.raises(Invalid):
            read_object(body)
        with pytest.raises(Invalid):
            read_lines(body, BIG)


def test_a_long_text_among_many_brackets_is_read_in_time_and_memory_of_its_size() -> None:
    data = b'{"t":"' + b"x" * 1_000_000 + b'","l":[' + b",".join([b"[]"] * 100) + b"]}"
    assert data_of(data) == data


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf{}",
        b'\xef\xbb\xbf{"type":"a.b","data":{}}',
        b"",
        b"   ",
        b"{",
        b"{]",
        b"nul",
        b'{"type":"a.b","data":{}} x',
        b"\x00",
    ],
)
def test_what_is_no_json_is_refused_with_400(body: bytes) -> None:
    assert type(refused(body)) is Malformed


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"\xff"}',
        b'{"type":"a.b","data":{"a":"\xc3"}}',
        b"\xff\xfe{\x00}\x00",
        b'{"a":"\xed\xa0\x80"}',
    ],
)
def test_bytes_that_are_no_utf_8_are_refused_naming_the_first(body: bytes) -> None:
    error = refused(body)
    assert type(error) is Malformed
    assert "must be UTF-8; byte " in str(error)


@pytest.mark.parametrize("body", [b"1", b'"x"', b"null", b"true", b"1.5"])
def test_json_that_is_no_object_is_refused_with_422(body: bytes) -> None:
    error = refused(body)
    assert (type(error), error.errors) == (Invalid, [("body", "must be a JSON object with type and data")])


@pytest.mark.parametrize("item", [b"1", b"null", b"[]", b'[{"type":"a.b","data":{}}]'])
def test_an_item_that_is_no_object_is_named(item: bytes) -> None:
    good = b'{"type":"a.b","data":{}}'
    assert refused(b"[" + good + b"," + item + b"]").errors == [
        ("[1]", "must be a JSON object with type and data")
    ]
    with pytest.raises(Invalid) as caught:
        read_lines(good + b"\n" + item, BIG)
    assert caught.value.errors == [("[1]", "must be a JSON object with type and data")]


def test_every_wrong_field_is_named_at_once() -> None:
    error = refused(b'{"type":"Story","data":[],"id":7,"occurred_at":"yesterday","other":1,"more":2}')
    assert type(error) is Invalid
    assert [field for field, _ in error.errors] == ["other", "more", "type", "data", "id", "occurred_at"]
    assert [field for field, _ in refused(b"{}").errors] == ["type", "data"]


def test_errors_of_a_batch_say_which_item_they_are_of() -> None:
    error = refused(
        b'[{"type":"a.b","data":{}},{"type":"a.b"},{"data":{"a":1,"a":2},"type":"a.b"},{"type":1,"data":{}}]'
    )
    assert [field for field, _ in error.errors] == ["[1].data", "[2].data", "[3].type"]


def test_a_batch_answers_the_gravest_of_its_errors() -> None:
    assert type(refused(b'[{"type":"a.b","data":{}},{"type":]')) is Malformed


@pytest.mark.parametrize(
    "code",
    [
        b"null",
        b"1",
        b"true",
        b"{}",
        b"[]",
        b'""',
        b'"Story.create"',
        b'"story."',
        b'"hook.disabled"',
        b'"hook.ping"',
        b"9" * 5000,
    ],
)
def test_a_type_that_cannot_be_published_is_refused(code: bytes) -> None:
    assert [field for field, _ in refused(b'{"type":' + code + b',"data":{}}').errors] == ["type"]


@pytest.mark.parametrize(
    "key",
    [b'""', b"1", b"true", b"{}", b"[]", b"1.5", b"9" * 5000, b'"' + b"k" * (KEY_MAX_LENGTH + 1) + b'"'],
)
def test_a_key_that_is_no_text_of_its_length_is_refused(key: bytes) -> None:
    assert [field for field, _ in refused(b'{"type":"a.b","data":{},"id":' + key + b"}").errors] == ["id"]


def test_any_other_text_is_a_key() -> None:
    for key in ("k", "ключ", "a\nb\0c", "x" * KEY_MAX_LENGTH, "😀"):
        events, _ = read_one_or_many(json.dumps({"type": "a.b", "data": {}, "id": key}).encode(), BIG)
        assert events[0].key == key
    assert read_one_or_many(b'{"type":"a.b","data":{},"id":null}', BIG)[0][0].key is None


@pytest.mark.parametrize(
    "moment",
    [
        b"1",
        b"1.5",
        b"true",
        b"{}",
        b'""',
        b'"now"',
        b'"2026-13-01"',
        b'"1969-12-31T23:59:59Z"',
        b'"9999-12-31T23:59:59.9999Z"',
        b'"0001-01-01"',
        b'"9999-12-31T23:59:59-23:59"',
        b"9" * 5000,
    ],
)
def test_a_moment_that_is_none_is_refused(moment: bytes) -> None:
    assert [
        field for field, _ in refused(b'{"type":"a.b","data":{},"occurred_at":' + moment + b"}").errors
    ] == ["occurred_at"]


@given(st.datetimes(min_value=datetime(1960, 1, 1)), st.sampled_from(["", "Z", "+05:30", "-11:00"]))  # noqa: DTZ001 - hypothesis wants it naive
def test_every_moment_that_is_taken_can_be_answered(moment: Any, zone: str) -> None:
    try:
        events, _ = read_one_or_many(
            json.dumps({"type": "a.b", "data": {}, "occurred_at": moment.isoformat() + zone}).encode(), BIG
        )
    except Invalid:
        assert moment.year in (9999, *range(1960, 1971))
        return
    assert events[0].occurred_at is not None
    assert iso(events[0].occurred_at).endswith("Z")


def test_data_over_the_limit_is_413_and_data_at_the_limit_is_taken() -> None:
    body = b'{"type":"a.b","data":{"a":"%s"}}'
    assert read_one_or_many(body % (b"x" * (1024 - 8)), 1024)[0][0].data.__len__() == 1024
    with pytest.raises(Invalid) as caught:
        read_one_or_many(body % (b"x" * (1024 - 7)), 1024)
    assert (type(caught.value), caught.value.errors) == (
        TooLarge,
        [("data", "has 1025 bytes; an event may have 1024")],
    )


@pytest.mark.parametrize("count", [0, EVENTS_MAX + 1])
def test_a_batch_has_one_to_a_thousand_events(count: int) -> None:
    item = b'{"type":"a.b","data":{}}'
    assert "1 to 1000 events" in str(refused(b"[" + b",".join([item] * count) + b"]"))
    with pytest.raises(Invalid):
        read_lines(b"\n".join([item] * count), BIG)


def test_a_thousand_events_are_taken_in_order() -> None:
    items = [b'{"type":"a.b","data":{"n":%d}}' % n for n in range(EVENTS_MAX)]
    events, is_many = read_one_or_many(b"[" + b",".join(items) + b"]", BIG)
    assert is_many
    assert [event.data for event in events] == [b'{"n":%d}' % n for n in range(EVENTS_MAX)]
    assert read_lines(b"\n\n".join(items) + b"\n \n", BIG) == events


def test_a_line_ends_at_a_line_feed_only() -> None:
    events = read_lines(b'{"type":"a.b",\r"data":{ \r"a":1}}\r\n{"type":"a.c","data":{}}', BIG)
    assert [(event.type, event.data) for event in events] == [("a.b", b'{ \r"a":1}'), ("a.c", b"{}")]


FRAGMENTS = st.sampled_from(
    [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b'"type"', b'"data"', b'"id"', b'"occurred_at"', b'"a.b"', b"{}", b"1e999", b"NaN",
     b"null",
     b"\\ud800", b"\\udc00", b"\\u0000", b" ", b"\n", b"\r", b"\xff", b"\xef\xbb\xbf", b"\x00", b"9" * 4400, b"-", b"1.5", b"2026-01-01"]
)  # fmt: skip
BODIES = st.one_of(
    st.binary(max_size=200),
    st.lists(FRAGMENTS, max_size=30).map(b"".join),
    st.tuples(
        st.lists(FRAGMENTS, max_size=6).map(b"".join), st.lists(FRAGMENTS, max_size=6).map(b"".join)
    ).map(lambda parts: b'{"type":"a.b","data":{"x":' + parts[0] + b'},"id":' + parts[1] + b"}"),
)


@hypothesis_settings(max_examples=600, deadline=None)
@given(BODIES)
def test_nothing_but_a_refusal_ever_comes_out_of_a_wrong_body(body: bytes) -> None:
    for read in (
        lambda: read_one_or_many(body, 1000),
        lambda: read_lines(body, 1000),
        lambda: read_object(body),
    ):
        try:
            read()
        except Invalid as refusal:
            assert type(refusal) in (Malformed, TooLarge, Invalid)  # noqa: PT017 - many of these bodies are right
            assert refusal.errors  # noqa: PT017


def test_other_calls_read_their_object_as_strictly() -> None:
    assert read_object(b'{"a":[1,2.5,"x",null]}') == {"a": [1, 2.5, "x", None]}
    for body, field in (
        (b'{"a":1,"a":2}', "a"),
        (b'{"a":1e999}', "body"),
        (rb'{"a":"\ud800"}', "body"),
        (b'{"a":' + b"9" * 5000 + b"}", "body"),
    ):
        with pytest.raises(Invalid) as caught:
            read_object(body)
        assert caught.value.errors[0][0] == field
    for body in (b"[]", b"1", b'"x"'):
        with pytest.raises(Invalid) as caught:
            read_object(body)
        assert caught.value.errors == [("body", "must be a JSON object")]
