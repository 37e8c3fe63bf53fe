"""The fields of a hook: what can be asked for, and every check of it, whichever door it came through.

Owns the limits and the messages; a door checks plain types and nothing else. Pure. No message and nothing
that the audit keeps quotes a secret. Step after: `operations.subscriptions` makes or changes the hook.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import islice
from typing import Any, Literal, get_args

from hub.errors import FieldError
from hub.logs import MASK
from hub.rules import brokers, format_fields, pace, recipients, signing_secret
from hub.rules import catalogue as catalogues
from hub.rules import headers as header_rules
from hub.rules.addresses import Network, TargetRefused
from hub.rules.changes import UNSET, Change, Unset
from hub.rules.filters import Filter, Unreadable
from hub.rules.keys import BIDIRECTIONAL
from hub.rules.matching import EVENT_TYPE_MAX_LENGTH
from hub.rules.pace import Digest, OnFailure, Ordering, RateLimit
from hub.rules.targets import check_url, receiver_of

NAME_MAX = 200
EVENTS_MAX = 1000
PATTERN_MAX = EVENT_TYPE_MAX_LENGTH + len(".*")
ERRORS_MAX = 100

Handshake = Literal["rest-hooks", "cloudevents"]
HANDSHAKES: tuple[Handshake, ...] = get_args(Handshake)

SECRET_FIELDS = ("secret", "headers", "settings")
"""Shown to nobody, neither in an answer nor in the audit trail."""


@dataclass(frozen=True, slots=True)
class HookChange(Change):
    """What is asked for, of a new hook or of one that there is; the rest is UNSET and stays as it is."""

    target_url: str | Unset = UNSET
    events: tuple[str, ...] | Unset = UNSET
    filter: Filter | Unreadable | Unset | None = UNSET
    """None removes it."""
    name: str | Unset = UNSET
    enabled: bool | Unset = UNSET
    verify_ssl: bool | Unset = UNSET
    format: str | Unset = UNSET
    manual_edit: bool | Unset = UNSET
    handshake: str | Unset | None = UNSET
    secret: str | Unset | None = field(default=UNSET, repr=False)
    """None removes it."""
    headers: Mapping[str, str] | Unset = field(default=UNSET, repr=False)
    template: str | Unset | None = UNSET
    """None removes it: the format makes what is sent."""
    settings: Mapping[str, str] | Unset = field(default=UNSET, repr=False)
    """What the format needs besides the URL."""
    rate_limit: RateLimit | Unset | None = UNSET
    """None removes it, as each of these: the hook has no pace of its own."""
    digest: Digest | Unset | None = UNSET
    delay_s: float | Unset | None = UNSET
    ordering: Ordering | Unset = UNSET
    fifo_on_failure: OnFailure | Unset = UNSET
    retry_schedule_s: tuple[float, ...] | Unset | None = UNSET


FIELDS: tuple[str, ...] = tuple(one.name for one in fields(HookChange))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a hook's fields are judged by."""

    catalogue: str
    formats: Collection[str]
    """The keys of those that are installed."""
    allow: Sequence[Network]
    """Networks that hooks may reach although they are private."""
    ports: Collection[int]
    """Ports that hooks may reach besides the usual ones."""
    origin_kind: str
    """Where the hook comes from: page, api or app."""
    format: str = ""
    """The one that the hook has, where it is not given."""
    settings: Collection[str] = ()
    """The names of those that the hook has."""
    target_url: str = ""
    """The one that the hook has, where it is not given."""
    sends_mail: bool = True
    """Whether the hub has a relay for mails."""
    connections: Mapping[str, str] = field(default_factory=dict)
    """The connections to brokers that its project may use: name → kind."""
    leads_home: Callable[[str], bool] = lambda url: False
    """Whether a URL leads to this hub itself, as far as its text can tell."""


def errors_of_new(wanted: HookChange, around: Circumstances) -> list[FieldError]:
    """What is wrong with the fields of a new hook: it needs a target and an event, and has no value yet that
    a mask could stand for.
    """
    missing = []
    if wanted.target_url is UNSET:
        missing.append(("target_url", _NO_TARGET))
    if wanted.events is UNSET:
        missing.append(("events", _NO_EVENTS))
    masked = [
        f"{field}.{name}"
        for field, values in (("headers", wanted.headers), ("settings", wanted.settings))
        if values is not UNSET
        for name, value in values.items()
        if value == MASK
    ]
    return missing + [mask_error(name) for name in masked] + errors_in(wanted, around)


def errors_in(change: HookChange, around: Circumstances) -> list[FieldError]:
    """(field, message) for each wrong field that is given."""
    errors: list[FieldError] = []
    if change.target_url is not UNSET:
        errors += _target_errors(change.target_url, around)
    if change.events is not UNSET:
        errors += _event_errors(change.events, around.catalogue)
    if change.manual_edit is True and around.origin_kind != "api":
        errors.append(("manual_edit", "is for hooks that an API token made; this one has its origin's rule"))
    form = around.format if change.format is UNSET else change.format
    if change.headers is not UNSET:
        errors += format_fields.header_errors(form, change.headers)
    if change.settings is not UNSET or change.format is not UNSET:
        given = None if change.settings is UNSET else change.settings
        errors += format_fields.settings_errors(form, given, around.settings)
    if change.template is not UNSET:
        errors += format_fields.template_json_errors(form or _default_format(change, around), change.template)
    errors += _mail_errors(change, form, around) + _broker_errors(change, form, around)
    return errors + errors_anywhere(change, around.formats)


def errors_anywhere(change: HookChange, formats: Collection[str]) -> list[FieldError]:
    """What is wrong with these fields of any hook, whatever its project."""
    errors: list[FieldError] = []
    if isinstance(change.filter, Unreadable):
        errors += change.filter.errors
    if change.name is not UNSET:
        errors += _name_errors(change.name)
    if change.format is not UNSET and change.format not in formats:
        errors.append(("format", f"must be one of {', '.join(formats)}"))
    if change.handshake not in (UNSET, None, *HANDSHAKES):
        errors.append(("handshake", f"must be one of {', '.join(HANDSHAKES)}"))
    if change.secret is not UNSET:
        errors += signing_secret.errors(change.secret)
    if change.headers is not UNSET:
        errors += _header_errors(change.headers)
    if change.template is not UNSET:
        errors += format_fields.template_errors(change.template)
    return errors + pace.errors_in(change.given())


def mask_error(field: str) -> FieldError:
    """For a mask that stands for no value that this receiver may get."""
    return field, "is a mask and stands for no value here: give the value itself"


def secret_fields(*formats: str) -> tuple[str, ...]:
    """Those that the audit trail keeps no value of, for a hook of (one of) these formats."""
    is_url_secret = any(format_fields.is_url_secret(form) for form in formats)
    return (*SECRET_FIELDS, "target_url") if is_url_secret else SECRET_FIELDS


def is_same_receiver(url: str, other: str) -> bool:
    """True when two URLs connect to the same scheme, host and port, however they are written: what was
    entrusted to the one may be sent to the other.
    """
    try:
        return receiver_of(url) == receiver_of(other)
    except TargetRefused:
        return url == other


def unique(patterns: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order given."""
    return tuple(dict.fromkeys(patterns))


def audited(
    after: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
    secrets: Collection[str] = SECRET_FIELDS,
) -> dict[str, Any]:
    """Changed fields for the audit trail: [old, new], or None where the value is a secret."""
    old = before or {}
    return {
        name: None if name in secrets else [_audited(old.get(name)), _audited(value)]
        for name, value in after.items()
        if value != old.get(name)
    }


def _audited(value: Any) -> Any:
    """A filter as the text that people know it by."""
    if isinstance(value, RateLimit | Digest):
        return asdict(value)
    return value.text if isinstance(value, Filter | Unreadable) else value


MAIL_FORMAT = "email"
"""The format that a `mailto:` target has where none is given."""
_NO_RELAY = "this hub sends no mail: an administrator sets HUB_SMTP_URL and HUB_MAIL_FROM (docs/mail.md)"
_HOME = "leads to this hub itself: what it sends would come back to it"
_NO_TARGET = "is missing: say where to send to"
_NO_EVENTS = "is missing: name at least one event type or pattern, such as story.* or *"


def _target_errors(url: str, around: Circumstances) -> list[FieldError]:
    if not url:
        return [("target_url", _NO_TARGET)]
    try:
        if recipients.is_mail(url):
            recipients.of_url(url)
        elif brokers.is_broker(url):
            _check_broker(url, around.connections)
        else:
            check_url(url, around.allow, around.ports)
            if around.leads_home(url):
                return [("target_url", _HOME)]
    except TargetRefused as refused:
        return [("target_url", str(refused))]
    if recipients.is_mail(url) and not around.sends_mail:
        return [("target_url", _NO_RELAY)]
    return []


def _check_broker(url: str, connections: Mapping[str, str]) -> None:
    """Raises: TargetRefused."""
    name, place = brokers.parts_of(url)
    if name not in connections:
        known = f"there are {', '.join(connections)}" if connections else "there is none"
        raise TargetRefused(
            f"There is no connection {name} that this project may use; {known}. An administrator makes them."
        )
    brokers.check_place(brokers.KINDS[connections[name]], place)


def _broker_errors(change: HookChange, form: str, around: Circumstances) -> list[FieldError]:
    """What goes to a broker is the JSON of an event: a chat's format is for its own service."""
    if change.target_url is UNSET and change.format is UNSET and not change.handshake:
        return []
    url = around.target_url if change.target_url is UNSET else change.target_url
    if not brokers.is_broker(url):
        return []
    errors: list[FieldError] = []
    if form and form in around.formats and not format_fields.makes_json(form):
        errors.append(("format", f"{form} cannot go to a broker: take one that is JSON, such as standard"))
    if change.handshake is not UNSET and change.handshake:
        errors.append(("handshake", "must be left out for a broker: it is for receivers over HTTP"))
    return errors


def _default_format(change: HookChange, around: Circumstances) -> str:
    is_mail = change.target_url is not UNSET and recipients.is_mail(change.target_url)
    return MAIL_FORMAT if is_mail else catalogues.default_format(around.catalogue)


def _mail_errors(change: HookChange, form: str, around: Circumstances) -> list[FieldError]:
    """What goes to people goes in the format of mails and has nothing of HTTP; and nothing else does."""
    if change.target_url is UNSET and change.format is UNSET and not (change.headers or change.handshake):
        return []
    url = around.target_url if change.target_url is UNSET else change.target_url
    makes_mail = format_fields.makes_mail(form)
    if not recipients.is_mail(url):
        if makes_mail and url and not brokers.is_broker(url):
            return [("target_url", f"must begin with mailto: for the format {form}")]
        return []
    errors: list[FieldError] = []
    if form and not makes_mail and form in around.formats:
        errors.append(("format", f"must be {MAIL_FORMAT} for a mailto: target"))
    if change.headers is not UNSET and change.headers:
        errors.append(("headers", "must be left out for a mailto: target: they are for requests over HTTP"))
    if change.handshake is not UNSET and change.handshake:
        errors.append(("handshake", "must be left out for a mailto: target: it is for receivers over HTTP"))
    return errors


def _event_errors(patterns: Sequence[str], catalogue: str) -> list[FieldError]:
    if not patterns:
        return [("events", _NO_EVENTS)]
    if len(patterns) > EVENTS_MAX:
        return [("events", f"names {len(patterns)} patterns; a hook can have {EVENTS_MAX}")]
    wrong = (
        (f"events[{n}]", reason)
        for n, pattern in enumerate(patterns)
        if (reason := catalogues.pattern_error(catalogue, pattern)) is not None
    )
    return list(islice(wrong, ERRORS_MAX))


def _name_errors(name: str) -> list[FieldError]:
    if len(name) > NAME_MAX:
        return [("name", f"has {len(name)} characters; {NAME_MAX} is the most")]
    if "\0" in name:
        return [("name", "must not hold a NUL character")]
    turns = BIDIRECTIONAL.intersection(name)
    return [("name", f"must not hold U+{ord(min(turns)):04X}, which turns texts around")] if turns else []


def _header_errors(headers: Mapping[str, str]) -> list[FieldError]:
    return [
        (f"headers.{name}" if name else "headers", message)
        for name, message in header_rules.check_headers(headers)
    ]
