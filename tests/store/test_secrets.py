"""Sealing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.store.secrets import SecretBox, SecretUnreadable

BOX = SecretBox(["key"])


@given(st.text(st.characters(codec="utf-8")))
def test_what_was_sealed_comes_back_and_cannot_be_read_in_between(text: str) -> None:
    sealed = BOX.seal("hook_1", "secrets", text)
    assert BOX.open("hook_1", "secrets", sealed) == text
    assert len(text) < 6 or text not in sealed


@pytest.mark.parametrize(("row", "field"), [("hook_2", "secrets"), ("hook_1", "headers")])
def test_it_opens_for_its_own_row_and_field_only(row: str, field: str) -> None:
    sealed = BOX.seal("hook_1", "secrets", "whsec_abc")
    with pytest.raises(SecretUnreadable, match="sealed for another row") as caught:
        BOX.open(row, field, sealed)
    assert "whsec_abc" not in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-4],
        lambda text: "",
        lambda text: text[:30] + ("A" if text[30] != "A" else "B") + text[31:],
    ],
)
def test_another_key_or_damage_is_said_without_the_text(damage: object) -> None:
    sealed = BOX.seal("hook_1", "secrets", "whsec_abc")
    with pytest.raises(SecretUnreadable, match="HUB_SECRET_KEY"):
        SecretBox(["another"]).open("hook_1", "secrets", sealed)
    with pytest.raises(SecretUnreadable):
        BOX.open("hook_1", "secrets", damage(sealed))  # type: ignore[operator]


def test_while_a_key_is_replaced_both_open_and_the_new_one_seals() -> None:
    old = BOX.seal("hook_1", "secrets", "text")
    both = SecretBox(["new", "key"])
    assert both.open("hook_1", "secrets", old) == "text"
    assert SecretBox(["new"]).open("hook_1", "secrets", both.seal("hook_1", "secrets", "text")) == "text"
