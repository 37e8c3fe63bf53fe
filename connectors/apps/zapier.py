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
    steps=(
        (
            "In Zapier's Platform UI, make a private integration with an API key, tested with GET "
            "{hub}/api/v1/me and sent as X-API-Key."
        ),
        "Add a REST Hook trigger that subscribes with POST {hub}/api/v1/hooks.",
        "Connect it with the token, choose an event and switch the Zap on: its hook appears under Webhooks.",
    ),
    reverse_unsubscribe=True,
)
