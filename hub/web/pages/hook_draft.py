"""What somebody has typed into the form of a hook, and what it asks for.

Owns the way between the form's fields and a `HookChange`, both ways. Secrets and header values go in and
never come back: a form that is shown again keeps everything else. What a field may be is checked by
`rules.hook_fields`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.base import EventTypeInfo
from connectors.icescrum.catalogue import PRESETS
from hub.logs import MASK
from hub.operations import hook_credentials
from hub.operations.hook_views import HookView
from hub.rules import format_fields
from hub.rules.changes import UNSET, Unset
from hub.rules.hook_fields import HookChange
from hub.store.hooks import Hook
from hub.web.body import Form
from hub.web.pages import filter_draft, pace_draft
from hub.web.pages.filter_draft import FilterDraft
from hub.web.pages.pace_draft import PaceDraft

BLANK_HEADERS = 2
"""Empty rows that a form has for more headers."""
OWN_GROUP = "The hub itself"

_SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Event types under one heading, as checkboxes."""

    name: str
    pattern: str | None
    """All of the group, such as `story.*`; None where there is nothing to sum up."""
    types: tuple[EventTypeInfo, ...]


@dataclass(frozen=True, slots=True)
class HookDraft:
    """The form's fields as they are shown. Of secrets only whether there is one."""

    name: str = ""
    target_url: str = ""
    verify_ssl: bool = True
    is_ssl_sure: bool = False
    choice: str = "selected"
    """`all`, `selected`, or the name of one of the catalogue's presets."""
    events: tuple[str, ...] = ()
    """Those that are selected, patterns included."""
    format: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of that format; those that are secret are masked, or not there."""
    template: str = ""
    filter: FilterDraft = field(default_factory=FilterDraft)
    pace: PaceDraft = field(default_factory=PaceDraft)
    header_names: tuple[str, ...] = ()
    enabled: bool = True
    was_enabled: bool | None = None
    """When the form was opened; None for a new hook."""
    of_version: int | None = None
    """The hook's, when the form was opened."""
    manual_edit: bool = False
    makes_secret: bool = False
    """A secret is to be made when the hook is saved."""
    secret: str = field(default="", repr=False)
    header_values: tuple[str, ...] = field(default=(), repr=False)

    def shown_again(self) -> "HookDraft":
        """Without what must not be written into a page."""
        settings = format_fields.shown_settings(self.format, self.settings)
        return replace(self, secret="", header_values=(), settings=settings)


def of_hook(view: HookView, presets: Mapping[str, Sequence[str]]) -> HookDraft:
    """The fields of a hook as it is."""
    hook = view.hook
    choice = next((name for name, codes in presets.items() if set(codes) == set(hook.events)), "selected")
    return HookDraft(
        name=hook.name,
        target_url=hook.target_url,
        verify_ssl=hook.verify_ssl,
        is_ssl_sure=not hook.verify_ssl,
        choice=choice,
        events=hook.events,
        format=hook.format,
        settings=view.settings,
        template=hook.template or "",
        filter=filter_draft.of_filter(hook.filter),
        pace=pace_draft.of_pace(hook.pace),
        header_names=view.header_names,
        enabled=hook.is_on,
        was_enabled=hook.is_on,
        of_version=hook.version,
        manual_edit=hook.manual_edit,
    )


def of_form(form: Form) -> HookDraft:
    """What has been typed. A row of headers with neither name nor value is none."""
    rows = list(zip(form.getlist("header_name"), form.getlist("header_value"), strict=False))
    if (removed := form.get("remove_header", "")).isdigit():
        rows = [row for place, row in enumerate(rows) if place != int(removed)]
    headers = [(name.strip(), value) for name, value in rows if name.strip() or value]
    was_enabled, version = form.get("was_enabled", ""), form.get("of_version", "")
    more = [pattern for pattern in _SEPARATORS.split(form.get("more_events", "")) if pattern]
    return HookDraft(
        name=form.get("name", "").strip(),
        target_url=form.get("target_url", "").strip(),
        verify_ssl="verify_ssl" in form,
        is_ssl_sure="ssl_sure" in form,
        choice=form.get("choice", "selected"),
        events=tuple(dict.fromkeys([*form.getlist("event"), *more])),
        format=form.get("format", ""),
        settings=_settings_of(form),
        template=form.get("template", "").replace("\r\n", "\n"),
        filter=filter_draft.of_form(form),
        pace=pace_draft.of_form(form),
        header_names=tuple(name for name, _ in headers),
        enabled="enabled" in form,
        was_enabled=was_enabled == "1" if was_enabled else None,
        of_version=int(version) if version.isdecimal() and len(version) < 10 else None,
        manual_edit="manual_edit" in form,
        makes_secret="makes_secret" in form or "generate" in form,
        secret=form.get("secret", ""),
        header_values=tuple(value for _, value in headers),
    )


def is_only_asked(form: Form) -> bool:
    """A button of the form that changes the form and saves nothing."""
    return bool((filter_draft.BUTTONS | {"generate", "add_header", "remove_header", "preview"}) & set(form))


def change_of(
    draft: HookDraft, presets: Mapping[str, Sequence[str]], stored: Hook | None = None
) -> HookChange:
    """What the form asks for. A stored header whose value was left empty keeps it; an empty secret keeps the
    one that there is.
    """
    kept = MASK if stored is not None else ""
    headers = {
        name: value or kept for name, value in zip(draft.header_names, draft.header_values, strict=True)
    }
    secret: str | Unset = draft.secret or UNSET
    if draft.makes_secret and not draft.secret:
        secret = hook_credentials.new_secret(draft.format)
    return HookChange(
        target_url=draft.target_url,
        events=tuple(presets.get(draft.choice, draft.events)),
        name=draft.name,
        # Left as it was, it does not undo what somebody else or the failure limit did meanwhile.
        enabled=UNSET if draft.enabled == draft.was_enabled else draft.enabled,
        verify_ssl=draft.verify_ssl,
        format=draft.format or UNSET,
        settings=_settings(draft, stored),
        template=draft.template if draft.template.strip() else None,
        filter=filter_draft.read(draft.filter),
        manual_edit=draft.manual_edit if stored is not None and stored.origin_kind == "api" else UNSET,
        secret=secret,
        headers=headers,
        **pace_draft.read(draft.pace)[0],
    )


def anew(draft: HookDraft, stored: Hook) -> HookDraft:
    """What was typed, as a change of the hook as it is now."""
    enabled = stored.is_on if draft.enabled == draft.was_enabled else draft.enabled
    return replace(draft, enabled=enabled, was_enabled=stored.is_on, of_version=stored.version)


def _settings_of(form: Form) -> dict[str, str]:
    """Those of the format that was chosen; the form has those of all."""
    before = f"setting.{form.get('format', '')}."
    names = (name for name in form if name.startswith(before))
    return {name.removeprefix(before): form.get(name, "").strip() for name in names}


def _settings(draft: HookDraft, stored: Hook | None) -> dict[str, str]:
    """Without those left empty; a secret one that was stored for this format is kept."""
    is_kept = stored is not None and stored.format == draft.format and stored.sealed_settings is not None
    hidden = format_fields.secret_settings(draft.format) if is_kept else frozenset[str]()
    values = {name: value or (MASK if name in hidden else "") for name, value in draft.settings.items()}
    return {name: value for name, value in values.items() if value}


def presets_of(catalogue: str) -> Mapping[str, Sequence[str]]:
    """The choices beside picking events one by one: name → patterns."""
    return {"all": ("*",)} if catalogue == "open" else PRESETS


def ssl_errors(draft: HookDraft) -> dict[str, str]:
    """Switching verification off asks first."""
    if draft.verify_ssl or draft.is_ssl_sure:
        return {}
    return {"verify_ssl": "Tick the box below as well to send without verification, or leave it on"}


def header_errors(draft: HookDraft, stored: Iterable[str] = ()) -> dict[str, str]:
    """A value needs its name; so does a name its value, unless one is `stored` for it."""
    known = {name.lower() for name in stored}
    for name, value in zip(draft.header_names, draft.header_values, strict=True):
        if not name:
            return {"headers": "A header has a value but no name: give its name, or empty both."}
        if not value and name.lower() not in known:
            return {"headers": f"Header {name[:100]} has no value: give one, or remove the header."}
    return {}


def groups_of(types: Sequence[EventTypeInfo]) -> list[EventGroup]:
    """Event types by their heading, in the order in which the project lists them; the hub's own last."""
    by_group: dict[str, list[EventTypeInfo]] = {}
    for info in types:
        by_group.setdefault(info.group, []).append(info)
    groups = []
    for name, infos in by_group.items():
        prefixes = {info.code.partition(".")[0] for info in infos}
        is_own = prefixes == {"hook"}
        pattern = f"{prefixes.pop()}.*" if len(prefixes) == 1 and not is_own else None
        groups.append(EventGroup(OWN_GROUP if is_own else name, pattern, tuple(infos)))
    return groups


def others(events: Iterable[str], groups: Iterable[EventGroup]) -> list[str]:
    """The selected patterns that have no checkbox."""
    known = {info.code for group in groups for info in group.types} | {group.pattern for group in groups}
    return [pattern for pattern in events if pattern not in known]
