"""Power Automate and Logic Apps: a flow subscribes when it is saved or switched on, and deletes its
`Location` when it ends.

Owns the rule for its hooks: none may be edited by hand. The flow owns its subscription by that address alone,
never lists and never checks, and knows no reverse unsubscribe. A hook deleted or switched off here would
leave a flow that looks on and never runs, with nobody told. Switch the flow off instead, or take the hook
over: then it is the project's, and the flow's own DELETE no longer finds it.
"""

from connectors.base import Connector, EditRule

CONNECTOR = Connector(
    key="power_automate",
    name="Power Automate",
    edit_rule=EditRule.NONE,
    format="standard",
    summary="A flow subscribes when it is saved or switched on, and unsubscribes when it is switched off, "
    "changed or deleted.",
    docs="connect/power-automate.md",
    steps=(
        "In the custom connector, set the host of {hub}, and an API key in the header X-API-Key.",
        (
            "Make a connection with the token, add the trigger to a flow, and save it: its hook appears "
            "under Webhooks."
        ),
    ),
)
