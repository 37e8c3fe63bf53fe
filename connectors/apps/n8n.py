"""n8n: a trigger node looks its subscription up when a workflow is activated, and makes it if it is missing.

Owns the rule for its hooks. Switch only: the node finds its hook by target URL and events in our list, so
editing either makes it subscribe once more at the next start, and every event then comes twice. Deleting is
safe, the next activation makes it again; and it is needed, since a workflow that is off answers 404, not 410,
so a forgotten hook never ends by itself.
"""

from connectors.base import Connector, EditRule

CONNECTOR = Connector(
    key="n8n",
    name="n8n",
    edit_rule=EditRule.SWITCH,
    format="standard",
    summary="A workflow's trigger node subscribes when the workflow is activated, and unsubscribes when it "
    "is "
    "deactivated.",
    docs="connect/n8n.md",
    steps=(
        "In n8n, add the node's credential: the server address {hub}, and the token.",
        "Choose an event in its trigger, and activate the workflow: its hook appears under Webhooks.",
    ),
)
