"""Acme Flows as an app: a flow subscribes when it is switched on."""

from connectors.base import Connector, EditRule

CONNECTOR = Connector(
    key="acme_flows",
    name="Acme Flows",
    edit_rule=EditRule.SWITCH,  # it never reads its hook back, so an edit here would not show there
    format="standard",
    summary="A flow subscribes when it is switched on, and unsubscribes when it is switched off.",
    docs="",
    steps=(
        "In Acme Flows, add the connection hookhub with the server address {hub} and the token.",
        "Choose an event of {project}, and switch the flow on: its hook appears under Webhooks.",
    ),
)
