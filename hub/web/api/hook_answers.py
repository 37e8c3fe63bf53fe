"""Hooks as the API shows them: one model builds, encodes, documents and exemplifies an answer.

Step before: `operations.hook_views` says what this requester sees. Step after: the call encodes it.
"""

from typing import Any, Self

from pydantic import BaseModel, Field

from hub.logs import MASK
from hub.operations.hook_views import HookView
from hub.rules.access import OriginKind
from hub.rules.filters import Filter, Unreadable
from hub.rules.health import State
from hub.rules.pace import OnFailure, Ordering
from hub.timestamps import iso, iso_or_none
from hub.web.api.hook_filters import ShownFilter

_TIME = "2026-11-23T21:04:06.123Z"


def _shown(example: Any, description: str | None = None) -> Any:
    """A field of an answer, with what stands there in the document's example."""
    return Field(examples=[example], description=description)


class HookOrigin(BaseModel):
    kind: OriginKind = _shown("api")
    app: str | None = _shown(None, "The connector's key, for an app's hook")
    created_by: str = _shown("token deploy")
    created_at: str = _shown(_TIME)


class RateLimitAnswer(BaseModel):
    count: int = _shown(20)
    per_s: float = _shown(60)


class DigestAnswer(BaseModel):
    window_s: float = _shown(60)
    max: int = _shown(100)


class HookAnswer(BaseModel):
    """A hook. Its secret is in the answer of the call that made or changed it, and nowhere else."""

    id: str = _shown("hook_019ab2a6b7c87d1e8f3a4b5c6d7e8f90")
    target_url: str = _shown("https://example.com/hooks/stories")
    events: list[str] = _shown(["story.*"])
    filter: ShownFilter = None
    name: str = _shown("Stories to the team's channel")
    enabled: bool = _shown(True)
    verify_ssl: bool = _shown(True)
    format: str = _shown("standard")
    headers: dict[str, str] = _shown({"X-Api-Key": MASK}, "Names with masked values")
    manual_edit: bool = _shown(False)
    handshake: str | None = _shown(None)
    template: str | None = _shown(None, "Its own text for what is sent; null: the format's")
    settings: dict[str, str] = _shown({}, "What its format needs; secret ones masked")
    rate_limit: RateLimitAnswer | None = None
    digest: DigestAnswer | None = None
    delay_s: float | None = _shown(None)
    ordering: Ordering = _shown("none")
    fifo_on_failure: OnFailure = _shown("wait")
    retry_schedule_s: list[float] | None = _shown(None, "Its own; null: the server's")
    state: State = _shown("active")
    has_secret: bool = _shown(True)
    origin: HookOrigin
    can_edit: bool = _shown(True, "Whether this token may change its fields")
    consecutive_failures: int = _shown(0)
    last_error: str | None = _shown(None)
    last_success_at: str | None = _shown(_TIME)
    disabled_reason: str | None = _shown(None)
    next_attempt_at: str | None = _shown(None)
    created_at: str = _shown(_TIME)
    updated_at: str = _shown(_TIME)

    @classmethod
    def of(cls, view: HookView, **more: Any) -> Self:
        hook, health = view.hook, view.hook.health
        rate, digest, steps = hook.pace.rate_limit, hook.pace.digest, hook.pace.retry_schedule_s
        return cls(
            id=hook.id,
            target_url=view.target_url,
            events=list(hook.events),
            filter=hook.filter.object if isinstance(hook.filter, Filter) else None,
            name=hook.name,
            enabled=hook.is_on,
            verify_ssl=hook.verify_ssl,
            format=hook.format,
            headers=dict.fromkeys(view.header_names, MASK),
            manual_edit=hook.manual_edit,
            handshake=hook.handshake,
            template=hook.template,
            settings=view.settings,
            rate_limit=None if rate is None else RateLimitAnswer(count=rate.count, per_s=rate.per_s),
            digest=None if digest is None else DigestAnswer(window_s=digest.window_s, max=digest.max),
            delay_s=hook.pace.delay_s,
            ordering=hook.pace.ordering,
            fifo_on_failure=hook.pace.fifo_on_failure,
            retry_schedule_s=None if steps is None else list(steps),
            state=hook.state,
            has_secret=hook.has_secret,
            origin=HookOrigin(
                kind=hook.origin_kind,
                app=hook.origin_app,
                created_by=hook.created_by,
                created_at=iso(hook.created_at),
            ),
            can_edit=view.can_edit,
            consecutive_failures=health.consecutive_failures,
            last_error=hook.filter.reason if isinstance(hook.filter, Unreadable) else health.last_error,
            last_success_at=iso_or_none(health.last_success_at),
            disabled_reason=health.disabled_reason,
            next_attempt_at=iso_or_none(view.next_attempt_at),
            created_at=iso(hook.created_at),
            updated_at=iso(hook.updated_at),
            **more,
        )


class HookWithSecret(HookAnswer):
    secret: str | None = Field(
        None, examples=["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="], description="Shown this once"
    )


def example_of(model: type[BaseModel]) -> dict[str, Any]:
    """The example of an answer that its fields' own examples make."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        is_nested = isinstance(kind, type) and issubclass(kind, BaseModel)
        found[name] = example_of(kind) if is_nested else (field.examples or [None])[0]
    return found
