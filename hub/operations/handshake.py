"""Handshakes: proof that a target wants what it is about to get, opt-in per hook.

Owns the two schemes that a subscriber can ask for. Never compulsory: Zapier supports none. Step before:
`subscriptions` has checked the fields. Step after: the hook is made, and each delivery carries the scheme's
header.
"""

import hmac

from connectors.base import Answer, HttpParcel
from hub.errors import DeliveryError, Invalid
from hub.operations.room import Room
from hub.rules.headers import value_fault
from hub.targets.outbound import Outbound
from hub.targets.transport import Request

TIMEOUT_S = 10.0


class Handshakes:
    """For one process. Call it from any thread but the event loop's, outside of transactions."""

    def __init__(self, outbound: Outbound, timeout_s: float = TIMEOUT_S) -> None:
        self._outbound = outbound
        self._timeout_s = timeout_s
        self._room = Room("targets are being asked for their consent")

    def prove(self, scheme: str, url: str, secret: str, *, verify_ssl: bool) -> None:
        """Ask the target, and wait for its proof.

        `rest-hooks`: POST with `X-Hook-Secret`, which must come back with a 200 or 204 (resthooks.org,
        Asana).
        `cloudevents`: OPTIONS with `WebHook-Request-Origin`, answered by `WebHook-Allowed-Origin`; the status
        proves nothing (CloudEvents HTTP webhook 1.0.2 §4).

        Raises:
            Invalid: naming what the target did not do. Busy: too many targets are being asked at this moment.
        """
        is_rest, origin = scheme == "rest-hooks", self._outbound.origin
        if is_rest and (fault := value_fault(secret)):
            raise Invalid([("secret", f"goes to the target in a header for this handshake. {fault}")])
        headers = {"X-Hook-Secret": secret} if is_rest else {"WebHook-Request-Origin": origin}
        request = Request(
            url,
            HttpParcel(headers, b"", "POST" if is_rest else "OPTIONS"),
            verify_ssl=verify_ssl,
            total_timeout_s=self._timeout_s,
            connect_timeout_s=self._timeout_s / 2,
        )
        try:
            with self._room.taken():
                answer = self._outbound.send(request).answer
        except DeliveryError as error:
            raise _refused(f"the target did not answer the handshake: {error.reason}") from error
        failure = _rest_failure(answer, secret) if is_rest else _cloudevents_failure(answer, origin)
        if failure is not None:
            raise _refused(failure)


def _rest_failure(answer: Answer, secret: str) -> str | None:
    if answer.status not in (200, 204):
        return f"the target answered the handshake with {answer.status}, not with 200 or 204"
    echoed = answer.header("x-hook-secret").encode("utf-8", "replace")
    return (
        None if hmac.compare_digest(echoed, secret.encode()) else "the target did not send X-Hook-Secret back"
    )


def _cloudevents_failure(answer: Answer, origin: str) -> str | None:
    allowed = [host.strip().lower() for host in answer.header("webhook-allowed-origin").split(",")]
    return (
        None
        if "*" in allowed or origin.lower() in allowed
        else f"the target did not allow {origin} with WebHook-Allowed-Origin"
    )


def _refused(message: str) -> Invalid:
    return Invalid([("handshake", message)], title="Handshake failed")
