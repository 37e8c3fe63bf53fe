"""Destinations: how hooks are sent to, with their credentials opened.

Owns the only place where what is sealed in a hook is opened; an opened one stays in the memory of whoever
sends. Step before: a claim, a test or a handshake needs to send. Step after: `engine.delivery` builds the
request.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.rules.filters import Filter, Unreadable
from hub.store import models
from hub.store.hooks import Hook, hook_of
from hub.store.secrets import SECRETS_MAX, SecretBox, Secrets, opened_headers, opened_secrets, opened_settings


@dataclass(frozen=True, slots=True)
class Destination:
    """How to send to a hook: for a sender's memory only."""

    hook_id: str
    version: int
    project_key: str
    url: str
    format: str
    verify_ssl: bool
    headers: dict[str, str] = field(repr=False)
    handshake: str | None
    secrets: Secrets = field(repr=False)
    template: str | None = None
    settings: dict[str, str] = field(default_factory=dict, repr=False)
    filter: Filter | Unreadable | None = None
    is_ordered: bool = False
    """One after the other, in the order in which the events came."""

    def live_secrets(self, now: float) -> list[str]:
        live = [secret for secret, until in self.secrets if until is None or until > now]
        return live[:SECRETS_MAX]


def load(box: SecretBox, hook_ids: Sequence[str]) -> dict[str, Destination | Exception]:
    """How to send to these hooks; an exception in place of one whose row cannot be read."""
    rows: Any = list(models.Hook.select().where(models.Hook.id.in_(hook_ids)).dicts())
    Project = models.Project
    keys = {
        project.id: str(project.key)
        for project in Project.select(Project.id, Project.key).where(
            Project.id.in_({row["project_id"] for row in rows})
        )
    }
    found: dict[str, Destination | Exception] = {}
    for row in rows:
        try:
            found[row["id"]] = of_hook(box, hook_of(row), keys[row["project_id"]])
        except Exception as error:  # one unreadable row must not stop the others
            found[row["id"]] = error
    return found


def of_hook(box: SecretBox, hook: Hook, project_key: str) -> Destination:
    """Raises: SecretUnreadable."""
    return Destination(
        hook_id=hook.id,
        version=hook.version,
        project_key=project_key,
        url=hook.target_url,
        format=hook.format,
        verify_ssl=hook.verify_ssl,
        headers=headers_of(box, hook),
        handshake=hook.handshake,
        secrets=secrets_of(box, hook),
        template=hook.template,
        settings=settings_of(box, hook),
        filter=hook.filter,
        is_ordered=hook.pace.ordering == "fifo",
    )


def headers_of(box: SecretBox, hook: Hook) -> dict[str, str]:
    """Raises: SecretUnreadable."""
    return opened_headers(box, hook.id, hook.sealed_headers)


def settings_of(box: SecretBox, hook: Hook) -> dict[str, str]:
    """Raises: SecretUnreadable."""
    return opened_settings(box, hook.id, hook.sealed_settings)


def secrets_of(box: SecretBox, hook: Hook) -> Secrets:
    """Raises: SecretUnreadable."""
    return opened_secrets(box, hook.id, hook.sealed_secrets)
