"""What may be chosen as a secret, and what is said of a short one."""

import pytest

from hub.logs import MASK
from hub.rules import signing_secret


@pytest.mark.parametrize("secret", ["", "x" * (signing_secret.LENGTH_MAX + 1), "a\0b", MASK])
def test_what_is_no_secret_at_all_is_refused_without_being_quoted(secret: str) -> None:
    [(field, message)] = signing_secret.text_errors(secret)
    assert field == "secret"
    assert not secret or secret not in message


def test_one_that_signs_must_be_a_key() -> None:
    assert (
        signing_secret.errors(None) == signing_secret.errors("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLLMM") == []
    )
    assert signing_secret.text_errors("whsec_!") == []
    assert [field for field, _ in signing_secret.errors("whsec_!")] == ["secret"]


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (None, ""),
        ("0123456789abcdef", ""),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLLMM", ""),
        ("x", "The secret is short (1 byte)"),
        ("whsec_MfKQ", "The secret is short (3 bytes)"),
        ("swordfish", "The secret is short (9 bytes)"),
    ],
)
def test_whoever_chose_a_short_secret_is_told_by_the_length_of_its_key(
    secret: str | None, words: str
) -> None:
    warning = signing_secret.warning(secret)
    assert bool(warning) == bool(words)
    assert warning.startswith(words)
    assert secret is None or len(secret) < 3 or secret not in warning
