"""What all requests to one hook have in common, made once for each version of it.

Owns the parts of a request that neither the event nor the time changes: how secrets become keys, which of the
hook's headers go beside ours, and what must not be kept of an answer. In memory only, like the destination
that it is made of; used by any thread. Step before: `hub.store.destinations` has opened the hook. Step after:
`hub.engine.delivery` builds a request.
"""

from collections.abc import Mapping

from connectors import signing
from hub.logs import MASK
from hub.rules import format_fields
from hub.rules.masking import Credentials, credentials_of
from hub.store.destinations import Destination

KEPT_MAX = 20_000


class Recipe:
    """For one version of a hook."""

    __slots__ = ("_beside", "_hidden", "_keys", "credentials", "destination", "rendered_in_s", "shown_url")

    def __init__(self, destination: Destination) -> None:
        self.destination = destination
        self.shown_url = format_fields.shown_url(destination.format, destination.url)
        """Its URL as it is kept: of some formats the URL is a credential."""
        secret_settings = format_fields.secret_settings(destination.format) if destination.settings else ()
        self._hidden = [
            value for name, value in destination.settings.items() if name in secret_settings and value
        ]
        secrets = [secret for secret, _ in destination.secrets]
        self.credentials: Credentials = credentials_of(destination.headers, secrets + self._hidden)
        """What must not be kept of an answer."""
        self.rendered_in_s = 0.0
        """Of a thread's time, for the last text that the hook's template made."""
        self._keys: dict[str, bytes] = {}
        # In one, because any thread may look: our names the last time, and what of the hook's goes beside.
        self._beside: tuple[tuple[str, ...] | None, dict[str, str]] = (None, {})

    def keys(self, secrets: list[str]) -> list[bytes]:
        """The HMAC keys of these secrets of the hook. Raises ValueError for one that is no key."""
        try:
            return [self._keys[secret] for secret in secrets]
        except KeyError:
            self._keys |= {secret: signing.key_bytes(secret) for secret in secrets}
            return [self._keys[secret] for secret in secrets]

    def with_hooks_headers(self, own: dict[str, str]) -> dict[str, str]:
        """Our headers behind the hook's. One of the hook's that is ours too, in whatever letter case, was let
        in before we sent it.
        """
        headers = self.destination.headers
        if not headers:
            return own
        names = tuple(own)
        known, beside = self._beside
        if names != known:
            taken = {name.lower() for name in own}
            beside = {name: value for name, value in headers.items() if name.lower() not in taken}
            self._beside = (names, beside)
        return beside | own

    def masked(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers as they are kept: the owner's own values, and what holds a secret setting, are
        credentials.
        """
        own, hidden = self.destination.headers, self._hidden
        if not (own or hidden):
            return dict(headers)
        return {
            name: MASK if name in own or any(secret in value for secret in hidden) else value
            for name, value in headers.items()
        }


_kept: dict[str, Recipe] = {}


def of_destination(destination: Destination) -> Recipe:
    """The recipe for a hook as it is now."""
    kept = _kept.get(destination.hook_id)
    if kept is None or kept.destination is not destination:
        if len(_kept) >= KEPT_MAX:
            _kept.clear()
        kept = _kept[destination.hook_id] = Recipe(destination)
    return kept
