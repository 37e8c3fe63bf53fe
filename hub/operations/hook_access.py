"""Which hooks a requester sees, and what it may do to one now.

Owns the turning of `rules.access` and of a hook's and a project's state into refusals. Nothing is written
here; the functions that read are called in the transaction whose change they allow.
"""

from connectors import registry
from connectors.base import EditRule
from hub.errors import Conflict, NotFound
from hub.operations.projects import check_open
from hub.rules import access
from hub.rules.access import Action, Origin, Requester
from hub.store.hooks import Hook
from hub.store.projects import Project


def origin_of(hook: Hook) -> Origin:
    """A hook's origin, with the rule of its connector; one whose connector is no longer installed can be
    looked after by hand.
    """
    if hook.origin_kind != "app":
        return Origin("page" if hook.origin_kind == "page" else "api", manual_edit=hook.manual_edit)
    app = hook.origin_app or ""
    connector = registry.find_connector(app)
    if connector is None:
        return Origin("app", app, app, EditRule.FULL)
    return Origin("app", app, connector.name, connector.edit_rule)


def app_name(app: str) -> str:
    """What people call an app; its key when its connector is no longer installed."""
    found = registry.find_connector(app)
    return app if found is None else found.name


def app_format(app: str | None) -> str | None:
    """The format of this app's hooks; None for the project's own."""
    found = registry.find_connector(app or "")
    return None if found is None else found.format


def seen_only(requester: Requester) -> tuple[str | None, str | None]:
    """The origin kind and the app whose hooks alone a requester sees; None = any."""
    if requester.app is not None:
        return "app", requester.app
    return (None, None) if requester.has("read", "manage") else ("api", None)


def visible(requester: Requester, project: Project, hook: Hook | None) -> Hook:
    """Unknown, another project's, deleted and not to be seen all look the same. Raises: NotFound."""
    if (
        hook is None
        or hook.project_id != project.id
        or hook.deleted_at is not None
        or not access.sees(requester, origin_of(hook))
    ):
        raise NotFound("there is no such hook", title="No such hook")
    return hook


def allowed(requester: Requester, project: Project, hook: Hook | None, action: Action) -> Hook:
    """The hook, if this requester may do that to it now.

    Raises: Forbidden, the project is archived; NotFound; Conflict, its origin forbids it or it is over.
    """
    check_open(project)
    seen = visible(requester, project, hook)
    reason = access.refusal(requester, origin_of(seen), action)
    if reason is not None:
        raise Conflict(reason, title="Another's hook")
    if action == "redeliver":
        check_not_gone(seen)
    return seen


def check_not_gone(hook: Hook) -> None:
    """Raises: Conflict."""
    if hook.state == "gone":
        raise Conflict("this subscription is over: its target answered 410; make a new one", title="Gone")
