"""The gallery's cards: whole for each thing that can be connected, and found by words."""

import pytest

from connectors import registry
from connectors.base import Connector, EditRule
from hub.web.pages.gallery import Card, app_card, broker_cards, filled, source_cards, target_cards

VALUES = {"hub": "https://hub.example", "project": "TRAVEL"}


def cards() -> list[Card]:
    apps = [app_card(registry.connector(key), VALUES) for key in registry.connector_keys()]
    return [*apps, *source_cards(), *target_cards(VALUES), *broker_cards(VALUES)]


@pytest.mark.parametrize("card", cards(), ids=lambda card: card.id)
def test_each_card_says_what_it_is_and_how_it_is_set_up(card: Card) -> None:
    assert card.summary.endswith(".")
    assert card.steps
    assert card.docs.endswith(".md")
    assert "{" not in str([text for step in card.steps for _, text in step])


def test_no_two_cards_have_one_address() -> None:
    ids = [card.id for card in cards()]
    assert len(set(ids)) == len(ids)


def test_chats_come_before_mail_and_programs() -> None:
    kinds = [card.kind for card in target_cards(VALUES)]
    assert kinds == sorted(kinds, key=["chat", "mail", "program"].index)


@pytest.mark.parametrize(
    ("step", "parts"),
    [
        ("Type {url}.", [("", "Type "), ("url", ""), ("", ".")]),
        ("{hub}/x of {project}", [("hub", "https://hub.example"), ("", "/x of "), ("project", "TRAVEL")]),
        ("Its secret: {secret}", [("", "Its secret: "), ("secret", "")]),
        ("{{bundle.targetUrl}} stays", [("", "{{bundle.targetUrl}} stays")]),
    ],
)
def test_places_of_a_step_are_filled(step: str, parts: list[tuple[str, str]]) -> None:
    assert filled([step], VALUES) == [parts]


def test_an_app_that_says_no_steps_has_those_that_all_share() -> None:
    card = app_card(Connector("x", "X", EditRule.FULL, None, "It.", "x.md"), VALUES)
    assert ("hub", "https://hub.example") in card.steps[1]
    assert card.is_found_by("x APP")
    assert not card.is_found_by("x chat")
