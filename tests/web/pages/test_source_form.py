"""The form of a source: a kind's own settings under names of their own, and errors at the fields."""

import pytest

from connectors import registry
from hub.errors import Invalid
from hub.web.pages import source_form


def test_a_kinds_settings_are_fields_of_their_own_with_what_was_typed() -> None:
    shopify = registry.source("shopify")
    shop, topics = source_form.fields(shopify, {"s_shop": "a.example"})
    assert (shop["id"], shop["value"], shop["is_optional"]) == ("s_shop", "a.example", False)
    assert (topics["value"], topics["is_optional"]) == ("", True)
    assert source_form.settings({"s_shop": "a", "s_topics": ""}, shopify) == {"shop": "a", "topics": ""}


def test_what_is_wrong_is_told_at_its_field_with_its_label() -> None:
    shopify = registry.source("shopify")
    wrong = [("settings.shop", "is missing"), ("name", "is too long")]
    assert source_form.errors(wrong, shopify) == {
        "s_shop": "Shop: is missing.",
        "name": "Name: is too long.",
    }
    assert source_form.rate("") is None
    assert source_form.rate("2.5") == 2.5
    with pytest.raises(Invalid):
        source_form.rate("fast")
