"""iceScrum's REST dialect for hooks: its JSON into our hook's fields, and our hook into its JSON.

Owns shapes and words only, those of iceScrum 7.55 (docs/connect/icescrum.md); pure. Paths, tokens, statuses
and storage are the hub's, which calls `hook_fields` before and `hook_answer` after its own work. It checks
there what it checks for every hook: that the URL may be reached, that each event is of the catalogue, that a
secret is a usable key. An unknown event is a 400 that names it, and is not dropped.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


class DialectError(ValueError):
    """A body that is no hook of iceScrum's; `field` is its name there, None when the body as a whole is
    wrong. Answer 400 with it.
    """

    def __init__(self, text: str, field: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.field = field

    def answer(self) -> list[dict[str, str]] | dict[str, str]:
        """The body of the 400: iceScrum's list for a field, its object for the rest."""
        return client_error(self.text) if self.field is None else validation_errors([(self.field, self.text)])


def hook_fields(body: object) -> dict[str, Any]:
    """Our fields of `{"hook": {…}}`: `target_url`, `events`, `enabled`, `verify_ssl`, `secret`; what the body
    leaves out is absent.

    Everything else in it is ignored, as iceScrum does: source, counters and workspace cannot be sent. An
    empty secret is None and means "clear it". A secret of null is left out: our answers show null for one
    that is set, so a client that reads a hook, changes a field and writes it back must not lose it. Raises
    DialectError.
    """
    given = body.get("hook") if isinstance(body, dict) else None
    if not isinstance(given, dict):
        raise DialectError('The body must be an object {"hook": {…}}')
    fields: dict[str, Any] = {}
    if "url" in given:
        fields["target_url"] = _url(given["url"])
    if "events" in given:
        fields["events"] = _events(given["events"])
    if "enabled" in given:
        fields["enabled"] = _boolean(given["enabled"], "enabled")
    if "ignoreSsl" in given:
        fields["verify_ssl"] = not _boolean(given["ignoreSsl"], "ignoreSsl")
    if given.get("secret") is not None:
        fields["secret"] = _secret(given["secret"])
    return fields


def missing_fields(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a new hook lacks, for `validation_errors`; an update needs nothing."""
    required = (("url", "target_url"), ("events", "events"))
    return [(theirs, "must be given") for theirs, ours in required if ours not in fields]


def hook_answer(
    *,
    number: int,
    project_id: int,
    url: str,
    events: Sequence[str],
    is_on: bool,
    verify_ssl: bool,
    is_by_hand: bool,
    failures: int,
    last_error: str | None,
    created_at: float,
    updated_at: float,
    last_success_at: float | None,
    secret: str | None,
) -> dict[str, Any]:
    """A hook as iceScrum shows one, with its keys in its order; times in epoch seconds.

    `number` is the integer id; `is_on` is False in every state in which nothing is sent; `is_by_hand` where a
    person made it on a page. Give `secret` on creation only; afterwards it is None, set or not.
    """
    return {
        "class": "Hook",
        "id": number,
        "countErrors": failures,
        "dateCreated": _date(created_at),
        "dateLastRequest": _date(last_success_at),
        "enabled": is_on,
        "eventMessageRendererClass": None,
        "events": list(events),
        "ignoreSsl": not verify_ssl,
        "lastError": last_error,
        "lastUpdated": _date(updated_at),
        "secret": secret,
        "source": "webhook" if is_by_hand else "resthook",
        "url": url,
        "workspaceId": project_id,
        "workspaceType": "project",
    }


def validation_errors(errors: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """(field, message) pairs as iceScrum's list: `[{"text": "<message> - <field>"}]`."""
    return [{"text": f"{message} - {field}"} for field, message in errors]


def client_error(text: str) -> dict[str, str]:
    """Any other fault of the client, broken JSON too."""
    return {"text": text}


def _url(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DialectError("must be the address to send to, as text", "url")
    return value


def _events(value: object) -> list[str]:
    """Codes without their spaces, each once, in the order given; iceScrum keeps a set."""
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise DialectError("must be a list of event codes", "events")
    codes = ("".join(code.split()) for code in value)
    events = list(dict.fromkeys(code for code in codes if code))
    if not events:
        raise DialectError("must hold at least one event code", "events")
    return events


def _boolean(value: object, field: str) -> bool:
    if not isinstance(value, bool):
        raise DialectError("must be true or false", field)
    return value


def _secret(value: object) -> str | None:
    if not isinstance(value, str):
        raise DialectError("must be text", "secret")
    return value if value.strip() else None


def _date(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
