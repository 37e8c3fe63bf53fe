"""JSON that all readers understand alike: what is refused, at any size, and at what cost."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Invalid, Malformed
from hub.rules.strict_json import DEPTH_MAX, PIECE_BYTES, check_utf8, fault_in, read_object

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=30,
)
SPACES = st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", "\r\n : \n")])


def keys(count: int, *more: str) -> bytes:
    return (
        json.dumps([f"k{n}" for n in range(count)])[1:-1].replace(", ", ":1,").encode()
        + b":1"
        + "".join(f',"{key}":2' for key in more).encode()
    )


@given(VALUES, SPACES, st.booleans(), st.integers(1, 60))
def test_a_right_text_is_right_in_pieces_of_any_size(
    value: Any, separators: tuple[str, str], is_ascii: bool, piece_bytes: int
) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, separators=separators).encode()
    assert fault_in(text, piece_bytes=piece_bytes) is None


@given(VALUES, VALUES, SPACES, st.integers(1, 60), st.integers(0, 3))
def test_a_repeated_key_is_found_in_pieces_of_any_size(
    one: Any, two: Any, separators: tuple[str, str], piece_bytes: int, around: int
) -> None:
    parts = [json.dumps(value, separators=separators).encode() for value in (one, two)]
    text = b'{"a" : %s,"b\\"\\\\" :%s , "\\u0061":%s}' % (parts[0], parts[1], parts[0])
    for _ in range(around):
        text = b'[1,{"x":%s,"y":%s}]' % (text, parts[1])
    fault = fault_in(text, piece_bytes=piece_bytes)
    assert fault is not None
    assert fault.key == "a"


ODD_TEXTS = st.lists(
    st.sampled_from(
        ['\\"', "\\u0022", ":", "\\u003a", "\\u003A", "\\\\", "a", "\\u0061", " ", ",", "{", "[1]"]
    ),
    max_size=4,
).map(lambda parts: '"' + "".join(parts) + '"')
ODD_SPACES = st.sampled_from(["", "", "", " ", "\n", "\t\r"])


def odd_object(pairs: list[tuple[str, str, str, str]]) -> str:
    """Of (key, space, space, value)."""
    return "{" + ",".join(f"{key}{before}:{after}{value}" for key, before, after, value in pairs) + "}"


@given(
    st.recursive(
        ODD_TEXTS | st.sampled_from(["1", "1.5e3", "null", '{"a":1,"a":2}']),
        lambda inner: (
            st.lists(st.tuples(ODD_TEXTS, ODD_SPACES, ODD_SPACES, inner), max_size=4).map(odd_object)
            | st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        ),
        max_leaves=12,
    )
)
def test_whether_a_key_stands_twice_does_not_hang_on_how_a_text_is_written(text: str) -> None:
    """In pieces each object is read key by key; in one piece a quick look may come first."""
    whole, in_pieces = fault_in(text.encode()), fault_in(text.encode(), piece_bytes=1)
    assert (whole is None) == (in_pieces is None)


@pytest.mark.parametrize("piece_bytes", [1, 50, 400, PIECE_BYTES])
@pytest.mark.parametrize(("opens", "closes"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"[{":', b"}]")])
def test_nesting_is_measured_in_pieces_of_any_size(opens: bytes, closes: bytes, piece_bytes: int) -> None:
    levels = DEPTH_MAX // opens.replace(b'"[{"', b"").translate(None, b'"a:').__len__()
    assert fault_in(opens * levels + b"1" + closes * levels, piece_bytes=piece_bytes) is None
    deeper = opens * levels + b"[[]]" + closes * levels
    assert "nested deeper than 64" in str(fault_in(deeper, piece_bytes=piece_bytes))


def test_a_number_beyond_every_reader_is_found_far_inside() -> None:
    text = b"[" + b"1.5," * 50_000 + b"1e999]"
    assert "1e999 is too large" in str(fault_in(text))


def test_looking_for_a_repeated_key_costs_no_more_than_there_are_keys() -> None:
    """Comparing each with each took seconds."""
    many = keys(20_000, "k19999")
    began = time.thread_time()
    for text in (b"{" + many + b"}", b'[{"a":{' + many + b"}}]"):
        fault = fault_in(text)
        assert fault is not None
        assert fault.key == "k19999"
    with pytest.raises(Invalid) as refused:
        read_object(b"{" + many + b"}")
    assert refused.value.errors[0][0] == "k19999"
    assert time.thread_time() - began < 1


def test_a_text_of_nothing_but_brackets_costs_no_more_than_its_size() -> None:
    began = time.thread_time()
    assert fault_in(b"[" + b",".join([b"[" * 60 + b"]" * 60] * 4_000) + b"]") is None
    assert time.thread_time() - began < 3


def test_a_byte_order_mark_is_called_so() -> None:
    for mark, name in ((b"\xef\xbb\xbf", "EF BB BF"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")):
        with pytest.raises(Malformed, match="byte order mark") as refused:
            check_utf8(mark + b"{}", "body")
        assert name in str(refused.value)
        with pytest.raises(Malformed, match="byte order mark"):
            read_object(mark + b"{}")
