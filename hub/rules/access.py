"""Who may do what: scopes of tokens, roles of people, and the origin of a hook.

Owns docs/roles.md as functions of plain values, used by every door alike. Pure. A door has turned the
credential into a `Requester` before; nothing else of a request counts.
"""

from dataclasses import dataclass
from typing import Literal

from connectors.base import EditRule
from hub.errors import Forbidden

Scope = Literal["publish", "subscribe", "read", "manage", "admin"]
SCOPES: tuple[Scope, ...] = ("publish", "subscribe", "read", "manage", "admin")
APP_SCOPES: tuple[Scope, ...] = ("publish", "subscribe", "read")
"""What an app's token may have: a leaked one must do nothing but look after its own app's hooks."""

Role = Literal["product_owner", "scrum_master", "team_member", "stakeholder"]
ROLES: tuple[Role, ...] = ("product_owner", "scrum_master", "team_member", "stakeholder")
MANAGERS: tuple[Role, ...] = ("product_owner", "scrum_master")

OriginKind = Literal["page", "api", "app"]
Action = Literal["view", "edit", "switch", "test", "redeliver", "delete"]
SWITCH_ACTIONS: tuple[Action, ...] = ("view", "switch", "test", "redeliver", "delete")


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, whichever door they came through, as the credential says."""

    name: str
    """A user's name, `token NAME`, the command line, or the hub itself: what the audit trail shows."""
    scopes: frozenset[str] = frozenset()
    app: str | None = None
    """The connector whose token this is."""
    is_person: bool = False
    """True for somebody who is signed in on the pages, False for a token."""
    token_id: str | None = None
    project_id: int | None = None
    """The only project that this requester speaks of; None: of any."""
    address: str | None = None
    """Where the request came from, for the audit trail."""

    def has(self, *scopes: str) -> bool:
        """True when one of these scopes is held; `admin` holds all."""
        return "admin" in self.scopes or any(scope in self.scopes for scope in scopes)


def require(requester: Requester, *scopes: str, project_id: int | None = None) -> None:
    """Raises: Forbidden: none of these scopes is held, or only for another project than `project_id`."""
    if requester.project_id is not None and project_id not in (None, requester.project_id):
        raise Forbidden(f"{requester.name} belongs to another project", title="Another project")
    if requester.has(*scopes):
        return
    if requester.is_person:
        who = "a product owner or scrum master of the project" if "manage" in scopes else "an administrator"
        raise Forbidden(f"{requester.name} may not do that: it takes {who}", title="Role missing")
    raise Forbidden(
        f"this token may not do that: it needs the scope {' or '.join(scopes)}", title="Scope missing"
    )


def archived(project_key: str) -> Forbidden:
    """What whoever would change something of an archived project, or publish to it, is told."""
    return Forbidden(
        f"project {project_key} is archived: it is read-only and sends nothing", title="Archived"
    )


def person(name: str, role: Role | None, *, is_admin: bool, project_id: int | None) -> Requester:
    """Somebody who is signed in: what their role in this one project lets them do there by hand; without one
    nothing. An administrator may do everything everywhere.
    """
    if is_admin:
        return Requester(name, frozenset({"admin"}), is_person=True)
    if role in MANAGERS:
        scopes = frozenset({"manage", "read"})
    else:
        scopes = frozenset({"read"} if role == "team_member" else ())
    return Requester(name, scopes, is_person=True, project_id=project_id)


def sees_bodies(requester: Requester) -> bool:
    """Team members see hooks and deliveries, but not what was in them; a token's `read` has no such limit."""
    return not requester.is_person or requester.has("manage")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a hook came from; it never changes, except that a manager takes it over."""

    kind: OriginKind
    app: str | None = None
    app_name: str = ""
    edit_rule: EditRule = EditRule.FULL
    manual_edit: bool = False


def origin_of(requester: Requester) -> OriginKind:
    """The origin of what this requester makes."""
    return "page" if requester.is_person else "app" if requester.app else "api"


def sees(requester: Requester, origin: Origin) -> bool:
    """False when the hook must look to this requester like an unknown id."""
    if requester.app is not None:
        return origin.kind == "app" and origin.app == requester.app
    if requester.has("read", "manage"):
        return True
    return requester.has("subscribe") and origin.kind == "api"


def refusal(requester: Requester, origin: Origin, action: Action) -> str | None:
    """Why a requester that sees a hook may not do this to it, naming whose it is; None when it may."""
    if action == "view":
        return None
    if not requester.has("subscribe", "manage"):
        return f"{requester.name} may look at hooks and change none: that takes the scope subscribe or manage"
    if requester.app is not None or (
        requester.has("manage") and not requester.is_person and origin.kind != "app"
    ):
        return None
    if not requester.has("manage"):
        return (
            None
            if origin.kind == "api"
            else f"this hook belongs to {_owner(origin)}; a subscribe token looks after api hooks only"
        )
    rule = _rule(origin)
    if rule is EditRule.FULL or action == "test" or (rule is EditRule.SWITCH and action in SWITCH_ACTIONS):
        return None
    return (
        f"this hook belongs to {_owner(origin)}: by hand it can be {_may(rule)}; take it over to change more"
    )


def _rule(origin: Origin) -> EditRule:
    """What a person may do by hand."""
    if origin.kind == "page" or (origin.kind == "api" and origin.manual_edit):
        return EditRule.FULL
    return EditRule.SWITCH if origin.kind == "api" else origin.edit_rule


def _owner(origin: Origin) -> str:
    return {
        "page": "the web page",
        "api": "the API client that made it",
        "app": origin.app_name or origin.app or "an app",
    }[origin.kind]


def _may(rule: EditRule) -> str:
    return (
        "switched on and off, tested, redelivered and deleted"
        if rule is EditRule.SWITCH
        else "viewed and tested"
    )
