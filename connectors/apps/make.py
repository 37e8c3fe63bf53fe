"""Make: a dedicated webhook attaches itself when a user creates it, and detaches when it is deleted there.

Owns the rule for its hooks. Switch only: Make keeps our id and shows the address and events of its own
webhook, which an edit here would not change. Switching off is needed: Make attaches when the webhook is
created, before its scenario is on, and events pile up in its queue meanwhile. Deleting is harmless, Make
ignores the answer to its detach call.
"""

from connectors.base import Connector, EditRule

CONNECTOR = Connector(
    key="make",
    name="Make",
    edit_rule=EditRule.SWITCH,
    format="standard",
    summary="A webhook of Make subscribes when it is created there, and unsubscribes when it is deleted "
    "there.",
    docs="connect/make.md",
    steps=(
        "In Make's custom app, set the connection's base URL to {hub}, and give it the token.",
        (
            "Add an instant trigger and create its webhook: it appears under Webhooks at once, before the "
            "scenario is on."
        ),
    ),
)
