"""Activepieces: a trigger subscribes in `onEnable`, keeps our id in its store, and deletes it in `onDisable`.

Owns the rule for its hooks. Switch only: the flow keeps the id and never reads the hook back, so edits would
not show there. Switching off and deleting are needed: a flow that is off answers 404, which counts as a
failure but ends nothing; only a deleted flow answers 410.
"""

from connectors.base import Connector, EditRule

CONNECTOR = Connector(
    key="activepieces",
    name="Activepieces",
    edit_rule=EditRule.SWITCH,
    format="standard",
    summary="A flow subscribes when it is published or switched on, and unsubscribes when it is switched "
    "off.",
    docs="connect/activepieces.md",
    steps=(
        "In the piece's connection, give the server address {hub} and the token.",
        "Publish the flow: its hook appears under Webhooks.",
    ),
)
