"""Names and passwords of people."""

import pytest

from hub.rules.people import NAME_MAX, PASSWORD_MAX, PASSWORD_MIN, name_error, password_error


@pytest.mark.parametrize("name", ["anna", "Zoë O'Neill", "x" * NAME_MAX, "anna@example.org", "李"])
def test_somebody_can_be_called_so(name: str) -> None:
    assert name_error(name) is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "is missing"),
        ("  ", "is missing"),
        ("x" * (NAME_MAX + 1), "may have 100 characters"),
        (" anna", "begin nor end with a space"),
        ("anna\n", "begin nor end"),
        ("an\0na", "control characters"),
        ("an\u202ena", "control characters"),
        ("an\udcffna", "control characters"),
    ],
)
def test_nobody_can_be_called_so(name: str, says: str) -> None:
    assert says in str(name_error(name))


def test_only_the_length_of_a_password_counts() -> None:
    for password in ("x" * PASSWORD_MIN, "x" * PASSWORD_MAX, "          ", "ü" * PASSWORD_MIN):
        assert password_error(password) is None
    assert "at least 10 characters" in str(password_error("x" * (PASSWORD_MIN - 1)))
    assert "may have 1000 characters" in str(password_error("x" * (PASSWORD_MAX + 1)))
