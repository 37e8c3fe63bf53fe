"""Zapier: a Zap subscribes when it is switched on and unsubscribes when it is switched off (REST hooks).

Owns the rule for its hooks. Switch only: Zapier keeps our whole answer to the subscription and never asks
again, so an address or event edited here would leave the Zap showing another trigger than the one it gets.
Switching off and deleting are safe, since the reverse unsubscribe (a DELETE to the target) pauses the Zap and
so tells its owner. https://docs.zapier.com/platform/build/cli-hook-trigger
"""

from connectors.base import Connector, EditRule

CONNECTOR = Connector(
    key="zapier",
    name="Zapier",
    edit_rule=EditRule.SWITCH,
    format="standard",
    summary="A Zap subscribes when it is switched on, and unsubscribes when it is switched off or deleted.",
    docs="connect/zapier.md",
    reverse_unsubscribe=True,
)
