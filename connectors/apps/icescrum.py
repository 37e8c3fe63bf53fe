"""iceScrum's REST clients: scripts and apps that subscribe through its hook API (`/ws/project/KEY/hook`).

Owns the rule for their hooks. The dialect's JSON is in `connectors.icescrum.dialect`, the format of what they
are sent in `connectors.formats.icescrum`.
"""

from connectors.base import Connector, EditRule

CONNECTOR = Connector(
    key="icescrum",
    name="iceScrum REST clients",
    # Full, as in iceScrum 7.55: every Product Owner and ScrumMaster of a project may read, edit and delete
    # all its hooks; its server restricts nothing by their source, so no client can count on more.
    edit_rule=EditRule.FULL,
    format="icescrum",
    summary="Scripts and apps written for iceScrum's hook REST API (/ws/project/KEY/hook) subscribe here "
    "unchanged.",
    docs="connect/icescrum.md",
    steps=(
        "Where the app has iceScrum's address, give it {hub}.",
        (
            "It sends the token as x-icescrum-token. Paths stay: its hooks are at "
            "{hub}/ws/project/{project}/hook."
        ),
    ),
)
