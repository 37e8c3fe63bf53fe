"""Pipedream: a source subscribes in `hooks.activate` and unsubscribes in `hooks.deactivate`.

Owns the rule for its hooks. Switch only: the source keeps our id and never reads the hook back. Deleting by
hand is needed: Pipedream announces that its workflows shut down on 31 March 2027, and what its endpoints
answer afterwards is not documented.
"""

from connectors.base import Connector, EditRule

CONNECTOR = Connector(
    key="pipedream",
    name="Pipedream",
    edit_rule=EditRule.SWITCH,
    format="standard",
    summary="A source subscribes when it is deployed, and unsubscribes when it is deleted or switched off.",
    docs="connect/pipedream.md",
    steps=(
        "In the source's properties, give the server address {hub} and the token.",
        "Deploy the source: its hook appears under Webhooks.",
    ),
)
