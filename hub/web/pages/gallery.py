"""What can be connected in a project: apps that subscribe, sources that send here, targets of hooks.

Owns the cards of `/projects/KEY/apps`: what each says of itself, its steps with this hub's values filled in,
and which of them a search finds. Everything on a card is the connector's own word (`connectors.registry`), so
that one of an installed package looks like ours. Step after: the template `apps/list.html`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors import registry
from connectors.base import Connector, EditRule, Format
from connectors.inbound import Source
from hub.rules import brokers
from hub.rules.brokers import BrokerKind
from hub.targets.brokers import kinds

BY_HAND = {
    EditRule.FULL: "everything",
    EditRule.SWITCH: "switch, test, redeliver, delete",
    EditRule.NONE: "view and test only",
}
KINDS = {"json": "program", "text": "chat", "mail": "mail"}
TOKEN_STEP = "Press Issue a token, and copy it: it is shown once."
HOOK_STEPS = (
    "Press New webhook here, paste the address as its target, choose events and save.",
    "Press Send test on the hook's page: it says what was answered.",
)
SOURCE_STEPS = (
    "Press New source here: it gets its address, and the secret is shown once.",
    "Press Send a test call on its page: it is called as the sender calls it, signed and checked.",
    "Its page says when something came, and what was refused and why.",
)
_PLACE = re.compile(r"\{(hub|project|url|secret)\}")

Step = Sequence[tuple[str, str]]
"""A step in parts: ("", words), or the name of a place and what stands there; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Card:
    """One thing that can be connected."""

    id: str
    """Of its card in the page: an address may lead there."""
    key: str
    name: str
    kind: str
    """What it is, in one or two words."""
    summary: str
    steps: Sequence[Step]
    docs: str
    vendor: str = ""
    by_hand: str = ""
    note: str = ""
    """What keeps it from being used here."""

    def is_found_by(self, text: str) -> bool:
        """Whether each word of a search stands in what it says of itself."""
        said = f"{self.key} {self.name} {self.kind} {self.summary}".lower()
        return all(word in said for word in text.lower().split())


def app_card(app: Connector, values: Mapping[str, str]) -> Card:
    needs_token = app.key != "webhooks"
    steps = [TOKEN_STEP, *app.steps] if needs_token else list(app.steps)
    return Card(
        f"app-{app.key}",
        app.key,
        app.name,
        "app that subscribes",
        app.summary,
        filled(steps, values),
        app.docs,
        by_hand=BY_HAND[app.edit_rule],
    )


def source_cards() -> list[Card]:
    return [_source_card(registry.source(key)) for key in registry.source_keys()]


def _source_card(kind: Source) -> Card:
    first, *rest = SOURCE_STEPS
    return Card(
        f"source-{kind.key}",
        kind.key,
        kind.name,
        "source",
        kind.summary,
        filled([first, *kind.steps, *rest], {}),
        kind.docs,
        kind.vendor,
    )


def target_cards(values: Mapping[str, str]) -> list[Card]:
    """Chats, then mail, then programs."""
    formats = [registry.format_of(key) for key in registry.format_keys()]
    order = ["text", "mail", "json"]
    return [_target_card(one, values) for one in sorted(formats, key=lambda found: order.index(found.makes))]


def _target_card(one: Format, values: Mapping[str, str]) -> Card:
    return Card(
        f"target-{one.key}",
        one.key,
        one.name or one.key,
        KINDS[one.makes],
        one.summary,
        filled([*one.steps, *HOOK_STEPS], values),
        one.docs,
    )


def broker_cards(values: Mapping[str, str]) -> list[Card]:
    """A connection that an administrator makes leads to each."""
    return [_broker_card(kind, values) for kind in brokers.KINDS.values()]


def _broker_card(kind: BrokerKind, values: Mapping[str, str]) -> Card:
    is_there = kinds.is_installed(kind)
    install = (
        [] if is_there else [f"An administrator installs what it needs: pip install 'hookhub[{kind.extra}]'."]
    )
    place = brokers.filled(kind.place_help, values["project"], "order.paid")
    steps = [
        *install,
        f"An administrator makes a connection to {kind.name} under Connections, and tests it there.",
        f"At the broker, make the place where events are to go. {place}",
        "Press New webhook here, and type broker://CONNECTION/PLACE as its target.",
        HOOK_STEPS[1],
    ]
    return Card(
        f"broker-{kind.key}",
        kind.key,
        kind.name,
        "broker",
        f"Each event is put on it as a message. {kind.delivered}",
        [[("", step)] for step in steps],
        "brokers.md",
        note="" if is_there else "Not installed",
    )


def filled(steps: Sequence[str], values: Mapping[str, str]) -> list[Step]:
    """Steps in parts, with what is known put into their places."""
    return [_parts(step, values) for step in steps]


def _parts(step: str, values: Mapping[str, str]) -> Step:
    pieces = _PLACE.split(step)
    parts = [
        (piece, values.get(piece, "")) if n % 2 else ("", piece)  # what a pattern caught stands at odd places
        for n, piece in enumerate(pieces)
    ]
    return [(place, text) for place, text in parts if place or text]
