"""Subscriptions: hooks are made, changed, switched and ended here, whoever asks and through whichever door.

Owns what every door (REST API, dialects, pages) holds to: origin from the credential, the access rule, the
checks of the fields, secrets that are shown once. A change, its audit entry and the hub's own event are one
transaction. Nothing here knows how the request came in. Step before: a door has authenticated the requester.
Step after: `store.hooks`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from connectors import registry
from hub.engine.hook_states import HookStates
from hub.errors import Conflict, FieldError, Forbidden, Invalid
from hub.operations import hook_access, hook_credentials, hook_drafts, hook_writing
from hub.operations.handshake import Handshakes
from hub.operations.hook_drafts import Draft
from hub.operations.projects import check_open
from hub.rules import access, brokers, hook_fields, signing_secret
from hub.rules.access import Action, Requester
from hub.rules.addresses import Network
from hub.rules.brokers import BrokerKind
from hub.rules.changes import UNSET, check_unchanged
from hub.rules.health import stands_still_for_its_filter
from hub.rules.hook_fields import Circumstances, HookChange
from hub.store import audit, hook_lists, hooks, projects, settings
from hub.store.database import Database
from hub.store.hook_lists import Wanted
from hub.store.hooks import Hook, NewHook
from hub.store.projects import Project
from hub.store.secrets import SecretBox

T = TypeVar("T")

OVERLAP_HOURS_DEFAULT = 24.0
OVERLAP_HOURS_MAX = 168.0
_THERE = Wanted(states=("active", "failing", "disabled", "auto_disabled"))
"""Hooks that take room: all but those that are over."""


@dataclass(frozen=True, slots=True)
class Saved:
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
        handshakes: Handshakes,
        allow: Sequence[Network],
        ports: Collection[int],
        wake: Callable[[], None],
        ended: Callable[[str], None] = lambda hook_id: None,
        let_start: Callable[[str], None] = lambda hook_id: None,
        sends_mail: bool = True,
        connections: Callable[[str], Mapping[str, str]] = lambda project_key: {},
        leads_home: Callable[[str], bool] = lambda url: False,
    ) -> None:
        """`wake`: there may be something to send. `ended`: a hook was deleted by somebody else than its own
        app. `let_start`: wait until what was already taken to be sent to a hook has begun, so that nothing
        begins after the answer. `sends_mail`: whether the hub has a relay. `connections`: those to brokers
        that a project may use, name → kind. `leads_home`: whether a URL leads to this hub itself.
        """
        self._database = database
        self._box = box
        self._hook_states = hook_states
        self._handshakes = handshakes
        self._allow = allow
        self._ports = ports
        self._wake = wake
        self._ended = ended
        self._let_start = let_start
        self.sends_mail = sends_mail
        self._connections = connections
        self._leads_home = leads_home

    def brokers(self, project: Project) -> dict[str, BrokerKind]:
        """The connections to brokers that a project's hooks may name."""
        found = self._connections(project.key)
        return {name: brokers.KINDS[kind] for name, kind in found.items() if kind in brokers.KINDS}

    def find(self, requester: Requester, project: Project, **filters: Any) -> list[Hook]:
        """The hooks that this requester sees, newest first; `filters` as `store.hooks.find` has them."""
        kind, app = hook_access.seen_only(requester)
        return self._database.read(
            lambda: hooks.find(project.id, origin_kind=kind, origin_app=app, **filters)
        )

    def get(self, requester: Requester, project: Project, hook_id: str) -> Hook:
        """Raises: NotFound, also for one that this requester must not see."""
        return self._database.read(lambda: hook_access.visible(requester, project, hooks.get(hook_id)))

    def named(self, requester: Requester, project: Project, hook_ids: Collection[str]) -> dict[str, Hook]:
        """Those of these hooks that there are and that this requester sees, by their id."""
        found = self._database.read(lambda: hooks.named(project.id, hook_ids))
        return {
            hook_id: hook
            for hook_id, hook in found.items()
            if access.sees(requester, hook_access.origin_of(hook))
        }

    def get_by_number(self, requester: Requester, project: Project, number: int) -> Hook:
        """The same, by the integer that dialects use."""
        return self._database.read(
            lambda: hook_access.visible(requester, project, hooks.by_number(project.id, number))
        )

    def check(self, requester: Requester, project: Project, hook_id: str, action: Action) -> Hook:
        """The hook, if this requester may do that to it now. Raises: Forbidden, NotFound, Conflict."""
        return self._database.read(
            lambda: hook_access.allowed(requester, project, hooks.get(hook_id), action)
        )

    def errors_in(self, requester: Requester, project: Project, given: HookChange) -> list[FieldError]:
        """What would be wrong with these fields of a hook that this requester makes; nothing is stored."""
        return hook_fields.errors_in(given, self._around(project, access.origin_of(requester), given))

    def drafted(self, requester: Requester, project: Project, wanted: HookChange) -> NewHook:
        """What a hook of these fields would be; nothing is stored. Raises: Invalid."""
        kind = access.origin_of(requester)
        if errors := hook_fields.errors_of_new(wanted, self._around(project, kind, wanted)):
            raise Invalid(errors)
        return hook_drafts.of_new(requester, project, wanted)

    def create(self, requester: Requester, project: Project, wanted: HookChange) -> Saved:
        """Make a hook. Raises: Invalid; Conflict, there is no room or its connector is off; Busy."""
        new = self.drafted(requester, project, wanted)

        if new.handshake:
            # Before a target is bothered for nothing.
            self._database.read(lambda: self._check_room(requester, project))
            self._handshakes.prove(new.handshake, new.target_url, new.secret or "", verify_ssl=new.verify_ssl)

        def write() -> Hook:
            now = self._database.clock.now()
            self._check_room(requester, project)
            hook = hooks.add(self._box, new, now)
            own = ("project_id", "pace")
            values = {one.name: getattr(new, one.name) for one in fields(new) if one.name not in own}
            shown = {name: value for name, value in values.items() if value not in ("", {})}
            secrets = hook_fields.secret_fields(new.format)
            audited = hook_fields.audited(shown | new.pace.given(), secrets=secrets)
            audit.add(now, requester, "hook.created", hook.id, project.id, audited)
            return hook

        return Saved(self._write(write), new.secret)

    def drafted_change(
        self, requester: Requester, project: Project, hook_id: str, given: HookChange
    ) -> Draft:
        """What a change would come to; nothing is stored.

        Raises: NotFound; Conflict, its origin forbids it; Forbidden; Invalid.
        """
        asked = self._database.read(
            lambda: hook_drafts.of_change(requester, project, hooks.get(hook_id), given)
        )
        if errors := hook_fields.errors_in(
            asked.change, self._around(project, asked.hook.origin_kind, asked.change, asked.hook)
        ):
            raise Invalid(errors)
        return asked

    def update(
        self,
        requester: Requester,
        project: Project,
        hook_id: str,
        given: HookChange,
        of_version: int | None = None,
    ) -> Saved:
        """Change the fields that are given; switched off by it, nothing begins after this returns, and led
        elsewhere, nothing to where it led.

        A field that has its value already is no change, so that a hook can be read, switched off and written
        back whole. Another scheme, host or port gets neither the old secret nor the old headers: they were
        given for the old one. A new secret is made unless one comes with the change. With `of_version`
        the hook is changed only if it is as whoever asks has seen it.

        Raises: NotFound; Conflict, its origin forbids it; ChangedMeanwhile; Forbidden; Invalid; Busy.
        """
        asked = self.drafted_change(requester, project, hook_id, given)
        given = self._proved(asked.completed(self._box))

        def write() -> Saved:
            now = self._database.clock.now()
            locked = hooks.locked(self._database, hook_id)
            if locked is not None:
                check_unchanged("hook", locked.version, of_version)
            draft = hook_drafts.of_change(requester, project, locked, given).completed(self._box)
            hook = hook_writing.configure(self._box, requester, draft, now)
            if draft.change.enabled is not UNSET and draft.change.enabled != hook.is_on:
                hook = self._switch(requester, hook, draft.change.enabled, now)
            elif draft.change.filter is not UNSET and stands_still_for_its_filter(hook.health):
                hook = self._switch(requester, hook, True, now)
            secret = draft.change.secret
            return Saved(hook, secret if isinstance(secret, str) else None)

        saved = self._write(write)
        if given.enabled is False or asked.change.target_url is not UNSET:
            self._let_start(hook_id)
        return saved

    def switch(self, requester: Requester, project: Project, hook_id: str, is_on: bool) -> Hook:
        """Switch a hook on or off; off, nothing begins after this returns.

        Raises: NotFound; Conflict, its origin forbids it or it is gone; Forbidden.
        """

        def write() -> Hook:
            hook = self._locked(requester, project, hook_id, "switch")
            return self._switch(requester, hook, is_on, self._database.clock.now())

        switched = self._write(write)
        if not is_on:
            self._let_start(hook_id)
        return switched

    def delete(self, requester: Requester, project: Project, hook_id: str) -> None:
        """End a subscription; nothing more is sent once this returns.

        Raises: NotFound; Conflict, its origin forbids it; Forbidden.
        """

        def write() -> Hook:
            now = self._database.clock.now()
            hook = self._locked(requester, project, hook_id, "delete")
            hooks.delete(hook, now)
            audit.add(now, requester, "hook.deleted", hook_id, project.id)
            return hook

        deleted = self._write(write)
        self._let_start(hook_id)
        # The app of one that is off by itself or gone has been told, or told us.
        if requester.app is None and deleted.state not in ("auto_disabled", "gone"):
            self._ended(hook_id)

    def rotate_secret(
        self, requester: Requester, project: Project, hook_id: str, secret: str | None, overlap_hours: float
    ) -> Saved:
        """Give a hook a new secret; the old ones sign beside it for `overlap_hours`.

        Raises: NotFound; Conflict, its origin forbids it; Forbidden; Invalid.
        """
        errors = signing_secret.errors(secret)
        if not 0 <= overlap_hours <= OVERLAP_HOURS_MAX:
            errors.append(("overlap_hours", f"must be from 0 to {OVERLAP_HOURS_MAX:g}"))
        if errors:
            raise Invalid(errors)

        def write() -> Saved:
            now = self._database.clock.now()
            hook = self._locked(requester, project, hook_id, "edit")
            new = secret or hook_credentials.new_secret(hook.format)
            shown = {"secret": None, "overlap_hours": overlap_hours}
            audit.add(now, requester, "hook.secret_rotated", hook_id, project.id, shown)
            return Saved(hooks.rotate(self._box, hook, new, overlap_hours * 3600, now), new)

        return self._write(write)

    def take_over(self, requester: Requester, project: Project, hook_id: str) -> Hook:
        """Make an app's or an API client's hook the page's: from then on people edit it, and its app no
        longer sees it. Raises: Forbidden; NotFound; Conflict, it is the page's or gone.
        """
        if not requester.has("manage"):
            raise Forbidden(
                "only a manager can take over a hook: the scope manage is needed", title="Scope missing"
            )

        def write() -> Hook:
            now = self._database.clock.now()
            hook = self._locked(requester, project, hook_id, "view")
            if hook.origin_kind == "page":
                raise Conflict("this hook already belongs to the web page", title="Already the page's")
            hook_access.check_not_gone(hook)
            return hook_writing.take_over(requester, hook, now)

        return self._write(write)

    def _write(self, fn: Callable[[], T]) -> T:
        """One transaction; afterwards there may be something to send."""
        result = self._database.write(fn).result()
        self._wake()
        return result

    def _locked(self, requester: Requester, project: Project, hook_id: str, action: Action) -> Hook:
        return hook_access.allowed(requester, project, hooks.locked(self._database, hook_id), action)

    def _proved(self, draft: Draft) -> HookChange:
        """The change, once the target of a hook that asks for a handshake has given its consent; it is asked
        again when either changes, outside of any transaction.
        """
        hook, change = draft.hook, draft.change
        scheme = hook.handshake if change.handshake is UNSET else change.handshake
        if not scheme or not change.given().keys() & {"handshake", "target_url"}:
            return change
        secret = ""
        if scheme == "rest-hooks":
            change, secret = hook_credentials.for_handshake(self._box, hook, change)
        url = hook.target_url if change.target_url is UNSET else change.target_url
        verify_ssl = hook.verify_ssl if change.verify_ssl is UNSET else change.verify_ssl
        self._handshakes.prove(scheme, url, secret, verify_ssl=verify_ssl)
        return change

    def _switch(self, requester: Requester, hook: Hook, is_on: bool, now: float) -> Hook:
        return hook_writing.switch(self._database, self._hook_states, requester, hook, is_on, now)

    def _check_room(self, requester: Requester, project: Project) -> None:
        check_open(project)
        most = settings.load().max_hooks_per_project
        if most and hook_lists.count(self._database, project.id, _THERE) >= most:
            raise Conflict(
                f"this project has {most} hooks, which is the limit: delete one, or have an administrator "
                "raise max_hooks_per_project",
                title="No room",
            )
        needed = "webhooks" if requester.is_person else requester.app
        if needed is not None and needed not in projects.connectors(project.id):
            raise Conflict(
                f"{hook_access.app_name(needed)} is not switched on for project {project.key}: a manager "
                "switches it on, as PATCH /api/v1/connectors does",
                title="Connector off",
            )

    def _around(
        self, project: Project, origin_kind: str, change: HookChange, hook: Hook | None = None
    ) -> Circumstances:
        is_for_broker = change.target_url is not UNSET and brokers.is_broker(change.target_url)
        return Circumstances(
            project.catalogue,
            registry.format_keys(),
            self._allow,
            self._ports,
            origin_kind,
            hook.format if hook else "",
            hook_credentials.settings_of(self._box, hook) if hook else (),
            hook.target_url if hook else "",
            self.sends_mail,
            self._connections(project.key) if is_for_broker else {},
            self._leads_home,
        )
