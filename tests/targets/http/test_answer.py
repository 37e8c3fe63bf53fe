"""Answers, read line by line."""

from hypothesis import given
from hypothesis import strategies as st

from hub.targets.http.answer import Reading
from tests.rigs.doors import HEAD


@given(
    lines=st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.sampled_from([HEAD, b"\r\n", b" folded\r\n", b"HTTP/1.1 103 E\r\n", b"a: b\r\n"]),
        )
    )
)
def test_whatever_lines_come_reading_them_never_raises(lines: list[bytes]) -> None:
    reading = Reading()
    for line in lines:
        if reading.read_header(line) is not None:
            assert reading.stop
            break
    assert not reading.is_head_done or reading.status >= 101


def test_a_folded_header_is_one_header() -> None:
    reading = Reading()
    for line in (HEAD, b"X-Long: one\r\n", b"\t two\r\n", b"\r\n", b"Trailer-After: x\r\n"):
        assert reading.read_header(line) is None
    assert reading.headers == [("X-Long", "one two")]


def test_two_lengths_are_refused_even_where_libcurl_does_not() -> None:
    reading = Reading()
    for line in (HEAD, b"Content-Length: 1\r\n", b"content-length: 2\r\n"):
        reading.read_header(line)
    assert reading.read_header(b"\r\n") is not None
    assert not reading.is_head_done
