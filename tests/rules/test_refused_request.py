"""What is kept of a refused request: enough to see why, and no credential."""

import pytest

from hub.logs import MASK
from hub.rules.refused_request import BODY_BYTES, HEADERS_MAX, shown_body, shown_headers


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("x-mine", "anything", MASK),
        ("authorization", "Bearer abc", MASK),
        ("cookie", "a=b", MASK),
        ("x-gitlab-token", "abc", MASK),
        ("x-webhook-secret", "abc", MASK),
        ("x-hub-signature", "sha256=abcdef", "sha256=a… (13 characters)"),
        ("x-hmac", "short", "short"),
        ("webhook-id", "msg_1_with_more", "msg_1_with_more"),
        ("x-note", "it is hush, é", f"it is {MASK}, é"),
        ("x-many", "v" * 300, "v" * 200),
    ],
)
def test_a_header_shows_its_form_and_no_credential(name: str, value: str, shown: str) -> None:
    assert shown_headers([(name, value)], "x-mine", ["hush"]) == ((name, shown),)


def test_of_many_headers_and_of_a_long_body_the_beginning() -> None:
    assert len(shown_headers([("x", "y")] * 100, "", [])) == HEADERS_MAX
    assert shown_body(b"hush" + b"b" * 9_000, ["hush"]) == MASK.encode() + b"b" * (BODY_BYTES - len(MASK))
