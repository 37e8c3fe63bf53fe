"""Subscriptions: hooks are made, changed, switched, tested and ended here, whoever asks and through whichever
door.

Owns what every door (REST API, dialects, pages) must hold to: origin from the credential, the access rule,
checks of the fields, secrets that are shown once, the audit entry and the hub's own event, all in one
transaction. It must never know how the request came in. Step before: a door has authenticated the requester. Step
after: `store.hooks`.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from connectors import registry, signing
from connectors.base import EditRule
from hub.engine.hook_states import HookStates
from hub.errors import Conflict, Forbidden, Invalid, NotFound
from hub.operations import handshake
from hub.rules import access, catalogue, health
from hub.rules.access import Action, Origin, Requester
from hub.rules.health import Switched
from hub.rules.hook_fields import READABLE_FIELDS, audited, errors_in, is_same_receiver, secret_errors, unique
from hub.rules.targets import Network
from hub.store import audit, destinations, hooks, projects, settings
from hub.store.database import Database
from hub.store.hooks import Hook, NewHook
from hub.store.projects import Project
from hub.store.secrets import SecretBox
from hub.targets.outbound import Outbound

T = TypeVar("T")

OVERLAP_HOURS_DEFAULT = 24.0
OVERLAP_HOURS_MAX = 168.0


@dataclass(frozen=True, slots=True)
class Made:
    """A hook after a change, with the secret that is to be shown now, if there is one."""

    hook: Hook
    secret: str | None = None


class Subscriptions:
    """The hooks of all projects, for one process. Every method may be called from any thread but the event
    loop's.
    """

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        hook_states: HookStates,
        outbound: Outbound,
        allow: Sequence[Network],
        wake: Callable[[], None],
        ended: Callable[[str], None] = lambda hook_id: None,
        let_start: Callable[[str], None] = lambda hook_id: None,
    ) -> None:
        """`wake`: there may be something to send. `ended`: a hook was deleted by somebody else than its own
        app. `let_start`: wait until what was already taken to be sent to a hook has begun, so that nothing
        begins after the answer.
        """
        self._database = database
        self._box = box
        self._hook_states = hook_states
        self._outbound = outbound
        self._allow = allow
        self._wake = wake
        self._ended = ended
        self._let_start = let_start

    def find(self, requester: Requester, project: Project, **filters: Any) -> list[Hook]:
        """The hooks that this requester sees, newest first; `filters` as `store.hooks.find` has them."""
        kind, app = self._seen_only(requester)
        return self._database.read(
            lambda: hooks.find(project.id, origin_kind=kind, origin_app=app, **filters)
        )

    def get(self, requester: Requester, project: Project, hook_id: str) -> Hook:
        """Raises: NotFound, also for one that this requester must not see."""
        return self._database.read(lambda: self._visible(requester, project, hooks.get(hook_id)))

    def get_by_number(self, requester: Requester, project: Project, number: int) -> Hook:
        """The same, by the integer that dialects use."""
        return self._database.read(
            lambda: self._visible(requester, project, hooks.by_number(project.id, number))
        )

    def make(self, requester: Requester, project: Project, fields: dict[str, Any]) -> Made:
        """Make a hook from its fields (contract §4). Raises: Invalid, Conflict no room or its
        connector is off.
        """
        self._check_fields(project, fields, is_new=True)
        kind = access.origin_of(requester)
        app_format = registry.connector(requester.app).format if requester.app else None
        form = fields.get("format") or app_format or catalogue.default_format(project.catalogue)
        if kind != "api" and fields.get("manual_edit"):
            raise _wrong(
                "manual_edit", "is for hooks that an API token makes: the rule for this one's origin is fixed"
            )
        scheme = fields.get("handshake")
        secret = fields.get("secret") or (
            signing.new_secret() if form == "standard" or scheme == "rest-hooks" else None
        )
        if scheme:
            self._database.read(
                lambda: self._check_room(requester, project)
            )  # before a target is bothered for nothing
            handshake.prove(
                self._outbound,
                scheme,
                fields["target_url"],
                secret or "",
                verify_ssl=fields.get("verify_ssl") is not False,
            )
        new = NewHook(
            project_id=project.id,
            target_url=fields["target_url"],
            events=tuple(unique(fields["events"])),
            format=form,
            origin_kind=kind,
            origin_app=requester.app,
            created_by=requester.name,
            name=fields.get("name") or "",
            enabled=fields.get("enabled") is not False,
            verify_ssl=fields.get("verify_ssl") is not False,
            manual_edit=bool(fields.get("manual_edit")),
            handshake=scheme,
            secret=secret,
            headers=fields.get("headers") or {},
        )

        def write() -> Hook:
            now = self._database.clock.now()
            self._check_room(requester, project)
            hook = hooks.add(self._box, new, now)
            audit.add(now, requester, "hook.created", hook.id, project.id, audited(asdict(new)))
            return hook

        return Made(self._write(write), secret)

    def change(self, requester: Requester, project: Project, hook_id: str, fields: dict[str, Any]) -> Made:
        """Change the fields that are given. Raises: NotFound, Conflict its origin forbids, Invalid.

        A field that has its value already is no change, so that a hook can be read, switched off and written
        back whole. Another scheme, host or port gets neither the old secret nor the old headers: they were
        given for the old one. A new secret is made unless one comes with the change.
        """
        fields = dict(fields)
        enabled = fields.pop("enabled", None)
        self._check_fields(project, fields, is_new=False)
        fields = self._with_consent(requester, project, hook_id, fields)

        def write() -> Made:
            now = self._database.clock.now()
            _check_open(project)
            hook = self._visible(requester, project, hooks.locked(self._database, hook_id))
            changed = _changed(hook, fields)
            self._allowed(requester, project, hook, "edit" if changed or enabled is None else "switch")
            values, secret = self._with_credentials(hook, changed)
            if values:
                before = {name: _value(hook, name) for name in values if name in READABLE_FIELDS}
                hook = hooks.change(self._box, hook, values, now)
                audit.add(now, requester, "hook.changed", hook_id, project.id, audited(values, before))
            if enabled is not None:
                hook = self._switch(requester, project, hook, enabled, now)
            return Made(hook, secret)

        return self._write(write)

    def switch(self, requester: Requester, project: Project, hook_id: str, is_on: bool) -> Hook:
        """Switch a hook on or off. Raises: NotFound, Conflict its origin forbids or it is gone."""

        def write() -> Hook:
            hook = self._permitted(requester, project, hook_id, "switch")
            return self._switch(requester, project, hook, is_on, self._database.clock.now())

        switched = self._write(write)
        if not is_on:
            self._let_start(hook_id)
        return switched

    def delete(self, requester: Requester, project: Project, hook_id: str) -> None:
        """End a subscription; nothing more is sent once this returns. Raises: NotFound, Conflict its origin
        forbids.
        """

        def write() -> Hook:
            now = self._database.clock.now()
            hook = self._permitted(requester, project, hook_id, "delete")
            hooks.delete(hook, now)
            audit.add(now, requester, "hook.deleted", hook_id, project.id)
            return hook

        deleted = self._write(write)
        self._let_start(hook_id)
        if requester.app is None and deleted.state not in (
            "auto_disabled",
            "gone",
        ):  # the app of such a one has been told, or told us
            self._ended(deleted.id)

    def rotate(
        self,
        requester: Requester,
        project: Project,
        hook_id: str,
        secret: str | None,
        overlap_hours: float,
    ) -> Made:
        """Give a hook a new secret; the old ones sign beside it for `overlap_hours`. Raises: NotFound,
        409.
        """
        if errors := secret_errors(secret):
            raise _wrong(*errors[0])
        new = secret or signing.new_secret()

        def write() -> Hook:
            now = self._database.clock.now()
            hook = self._permitted(requester, project, hook_id, "edit")
            audit.add(
                now,
                requester,
                "hook.secret_rotated",
                hook_id,
                project.id,
                {"secret": None, "overlap_hours": overlap_hours},
            )
            return hooks.rotate(self._box, hook, new, overlap_hours * 3600, now)

        return Made(self._write(write), new)

    def take_over(self, requester: Requester, project: Project, hook_id: str) -> Hook:
        """Make an app's or an API client's hook the page's: from then on people edit it, and its app no
        longer sees it.
        """
        if not requester.has("manage"):
            raise Forbidden(
                "only a manager can take over a hook: the scope manage is needed", title="Scope missing"
            )

        def write() -> Hook:
            now = self._database.clock.now()
            _check_open(project)
            hook = self._visible(requester, project, hooks.locked(self._database, hook_id))
            if hook.origin_kind == "page":
                raise Conflict("this hook already belongs to the web page", title="Already the page's")
            _check_not_gone(hook)
            before = {"origin_kind": hook.origin_kind, "origin_app": hook.origin_app}
            values = {"origin_kind": "page", "origin_app": None}
            audit.add(now, requester, "hook.taken_over", hook_id, project.id, audited(values, before))
            return hooks.change(self._box, hook, values, now)

        return self._write(write)

    def check(self, requester: Requester, project: Project, hook_id: str, action: Action) -> Hook:
        """The hook, if this requester may do that to it now. Raises: Forbidden archived, NotFound, Conflict."""

        def read() -> Hook:
            _check_open(project)
            hook = self._allowed(requester, project, hooks.get(hook_id), action)
            if action == "redeliver":
                _check_not_gone(hook)
            return hook

        return self._database.read(read)

    def _write(self, fn: Callable[[], T]) -> T:
        """One transaction; afterwards there may be something to send."""
        result = self._database.write(fn).result()
        self._wake()
        return result

    def _permitted(self, requester: Requester, project: Project, hook_id: str, action: Action) -> Hook:
        _check_open(project)
        return self._allowed(requester, project, hooks.locked(self._database, hook_id), action)

    def _allowed(self, requester: Requester, project: Project, hook: Hook | None, action: Action) -> Hook:
        seen = self._visible(requester, project, hook)
        reason = access.refusal(requester, origin_of(seen), action)
        if reason is not None:
            raise Conflict(reason, title="Another's hook")
        return seen

    def _visible(self, requester: Requester, project: Project, hook: Hook | None) -> Hook:
        """Unknown, another project's, deleted and not to be seen all look the same."""
        if (
            hook is None
            or hook.project_id != project.id
            or hook.deleted_at is not None
            or not access.sees(requester, origin_of(hook))
        ):
            raise NotFound("there is no such hook", title="No such hook")
        return hook

    def _seen_only(self, requester: Requester) -> tuple[str | None, str | None]:
        if requester.app is not None:
            return "app", requester.app
        return (None, None) if requester.has("read", "manage") else ("api", None)

    def _switch(self, requester: Requester, project: Project, hook: Hook, is_on: bool, now: float) -> Hook:
        _check_not_gone(hook)
        after = (
            health.enabled(hook.health)
            if is_on
            else health.disabled(hook.health, f"switched off by {requester.name}", now)
        )
        if after.state == hook.state:
            return hook
        changed = hooks.switch(self._database, hook, after, now)
        # Without a reason: what follows names who did it already.
        switched = Switched(hook.id, project.id, hook.state, after.state)
        self._hook_states.changed(switched, requester, now)
        return changed

    def _with_credentials(self, hook: Hook, fields: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
        """The fields to write, with a secret where one is needed; and the secret to show."""
        values = dict(fields)
        if "events" in values:
            values["events"] = unique(values["events"])
        form = values.get("format", hook.format)
        has_secret = hook.has_secret
        if "target_url" in values and not is_same_receiver(values["target_url"], hook.target_url):
            values.setdefault("headers", {})
            if has_secret:
                values.setdefault("secret", signing.new_secret())
        if form == "standard" and not values.get("secret", has_secret):
            values["secret"] = signing.new_secret()
        if values.get("manual_edit") and hook.origin_kind != "api":
            raise _wrong("manual_edit", "is for hooks that an API token made")
        return values, values.get("secret")

    def _with_consent(
        self, requester: Requester, project: Project, hook_id: str, fields: dict[str, Any]
    ) -> dict[str, Any]:
        """A hook that asks for a handshake has its target asked again when either changes; outside of any
        transaction.
        """
        if not fields.keys() & {"handshake", "target_url"}:
            return fields
        hook = self.get(requester, project, hook_id)
        scheme = fields.get("handshake", hook.handshake)
        if not scheme or not _changed(hook, fields).keys() & {"handshake", "target_url"}:
            return fields
        self.check(requester, project, hook_id, "edit")
        values, secret = self._with_credentials(hook, fields)
        if scheme == "rest-hooks" and not secret:
            secret = (
                next((kept for kept, _ in destinations.secrets_of(self._box, hook)), None)
                if "secret" not in fields
                else None
            )
            if secret is None:
                values["secret"] = secret = signing.new_secret()
        url, verify_ssl = (
            values.get("target_url", hook.target_url),
            values.get("verify_ssl", hook.verify_ssl),
        )
        handshake.prove(self._outbound, scheme, str(url), secret or "", verify_ssl=verify_ssl)
        return values

    def _check_room(self, requester: Requester, project: Project) -> None:
        _check_open(project)
        most = settings.load().max_hooks_per_project
        if most and hooks.count(project.id) >= most:
            raise Conflict(
                f"this project has {most} hooks, which is the limit (max_hooks_per_project)", title="No room"
            )
        needed = "webhooks" if requester.is_person else requester.app
        if needed is not None and needed not in projects.connectors(project.id):
            raise Conflict(
                f"{registry.connector(needed).name} is not switched on for project {project.key}",
                title="Connector off",
            )

    def _check_fields(self, project: Project, fields: dict[str, Any], *, is_new: bool) -> None:
        errors = errors_in(fields, project.catalogue, self._allow, is_new=is_new)
        if errors:
            raise Invalid(errors)


def origin_of(hook: Hook) -> Origin:
    """A hook's origin, with the rule of its connector; one whose connector is gone can be looked after by
    hand.
    """
    if hook.origin_kind != "app":
        return Origin("page" if hook.origin_kind == "page" else "api", manual_edit=hook.manual_edit)
    try:
        connector = registry.connector(str(hook.origin_app))
    except LookupError:
        return Origin("app", hook.origin_app, str(hook.origin_app), EditRule.FULL)
    return Origin("app", hook.origin_app, connector.name, connector.edit_rule)


def _check_open(project: Project) -> None:
    """Doors may know the project as it was a moment ago; this asks in the transaction. Raises:
    403.
    """
    row = projects.by_id(project.id)
    if row is None or row.archived_at is not None:
        raise Forbidden(
            f"project {project.key} is archived: it is read-only and sends nothing", title="Archived"
        )


def _check_not_gone(hook: Hook) -> None:
    if hook.state == "gone":
        raise Conflict("this subscription is over: its target answered 410; make a new one", title="Gone")


def _value(hook: Hook, name: str) -> Any:
    """A readable field as callers give it."""
    found = getattr(hook, name)
    return list(found) if name == "events" else found


def _changed(hook: Hook, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that do not have their value yet; one that cannot be compared, such as a secret, is taken
    for a change.
    """
    return {
        name: value
        for name, value in fields.items()
        if name not in READABLE_FIELDS or _value(hook, name) != (unique(value) if name == "events" else value)
    }


def _wrong(field: str, message: str) -> Invalid:
    return Invalid([(field, message)])
