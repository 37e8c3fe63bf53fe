"""Webhooks made by a person on the hub's page: the connector behind the page's form.

Owns nothing but its name and its rule. A hook that a person made is a person's to change, wholly.
"""

from connectors.base import Connector, EditRule

CONNECTOR = Connector(
    key="webhooks",
    name="Webhooks",
    edit_rule=EditRule.FULL,
    format=None,
    summary="A person types the address of a receiver on the hub's page.",
    docs="connect/webhooks.md",
    steps=(
        "Open Webhooks, press New webhook, and give the address of a receiver.",
        "Choose events and save.",
        "Press Send test on the hook's page: what the receiver answers is shown.",
    ),
)
