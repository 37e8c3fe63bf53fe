"""Kinds of sources, as those who ask for them by key find them.

Owns that a kind whose package is gone or broken hurts only who uses it. Step before: `connectors.registry`.
"""

import logging

from connectors import inbound, registry
from hub.errors import Invalid

log = logging.getLogger("hub.operations.source_kinds")


def kinds() -> tuple[inbound.Source, ...]:
    """Every kind that there is, ours first."""
    return tuple(kind for key in registry.source_keys() if (kind := known_kind(key)) is not None)


def known_kind(key: str) -> inbound.Source | None:
    """None: its package is not installed any more, or cannot be loaded, which hurts only who uses it."""
    try:
        return registry.source(key)
    except registry.UnknownSource:
        return None
    except Exception:
        log.exception("the kind of source %s cannot be loaded", key)
        return None


def kind_of(key: str) -> inbound.Source:
    """Raises: Invalid."""
    found = known_kind(key)
    if found is None:
        known = ", ".join(registry.source_keys())
        raise Invalid([("kind", f"{key[:40]!r} is no kind of source; there are: {known}")])
    return found
