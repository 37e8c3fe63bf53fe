"""Kinds of sources as people choose them: all there are, and a word about one that there is not.

Step before: a form or a call names a kind. Step after: `hub.operations.sources`.
"""

from connectors import inbound, registry
from hub.errors import Invalid


def kinds() -> tuple[inbound.Source, ...]:
    """Every kind that there is, ours first."""
    return tuple(map(registry.source, registry.source_keys()))


def kind_of(key: str) -> inbound.Source:
    """Raises: Invalid."""
    found = registry.find_source(key)
    if found is None:
        known = ", ".join(registry.source_keys())
        raise Invalid([("kind", f"{key[:40]!r} is no kind of source; there are: {known}")])
    return found
