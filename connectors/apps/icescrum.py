"""iceScrum's REST clients: scripts and apps that subscribe through its hook API (`/ws/project/KEY/hook`).

Owns the rule for their hooks. The dialect's JSON is in `connectors.icescrum.dialect`, the format of what they
are sent in `connectors.formats.icescrum`.
"""

from connectors.base import Connector, EditRule

CONNECTOR = Connector(
    key="icescrum",
    name="iceScrum REST clients",
    # Full, as in iceScrum: every Product Owner and ScrumMaster of a project may read, edit and delete all its
    # hooks, whatever their source (iceScrum reference, §2.4); its server restricts nothing by source (§2.6),
    # so no client can count on more.
    edit_rule=EditRule.FULL,
    format="icescrum",
    summary="Scripts and apps written for iceScrum's hook REST API (/ws/project/KEY/hook) subscribe here unchanged.",
    docs="connect/icescrum.md",
)
