"""Amazon SQS: a message is sent by SendMessage in the JSON protocol, signed by libcurl (AWS Signature V4).

Owns what SQS's answers mean. It goes through the same door as all HTTP: judged addresses, deadlines, bounded
answers, kept connections; only the handles are this connection's own, because they sign. Step before:
`transport`. Step after: consumers receive it from the queue.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import certifi

from connectors.base import Answer, HttpParcel
from hub.errors import DeliveryError
from hub.rules.brokers import KINDS, options_of
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, Message, not_taken, refused, too_large, unreachable
from hub.targets.brokers.dialing import said
from hub.targets.http.exchange import Handle
from hub.targets.http.transport import HttpTransport
from hub.targets.transport import Request

ATTRIBUTES_MAX = 10
"""A message has no more; these go first."""
_FIRST = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "x-hub-event")
_REGION = re.compile(r"(?:^|\.)sqs(?:-fips)?\.([a-z0-9-]+)\.")
USUAL_REGION = "us-east-1"
_LOGIN = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "IncompleteSignature",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "InvalidSecurity",
    }
)
_NO_RIGHT = frozenset({"AccessDenied", "AccessDeniedException"})
_EVENTS_FAULT = re.compile(r"must be shorter than|less than \d+ bytes|too long")


def client(broker: Broker, addresses: Addresses) -> "Sqs":
    return Sqs(broker, addresses)


def region_of(broker: Broker) -> str:
    """The region that requests are signed for."""
    given = options_of(KINDS["sqs"], broker.url).get("region")
    found = _REGION.search(_authority(broker.url))
    return given or (found[1] if found else USUAL_REGION)


class Sqs:
    """The door to one SQS, with its own kept connections."""

    def __init__(self, broker: Broker, addresses: Addresses) -> None:
        self._broker = broker
        self._base = f"{broker.url.partition('://')[0].lower()}://{_authority(broker.url)}"
        self._where = f"SQS at {_authority(broker.url)}"
        self._door = HttpTransport(addresses, lambda: self._handle(addresses))

    def publish(self, message: Message, timeout_s: float) -> str:
        try:
            text = message.body.decode()
        except UnicodeDecodeError:
            raise too_large("SQS takes text only, and this is none") from None
        asked: dict[str, Any] = {
            "QueueUrl": f"{self._base}/{message.place}",
            "MessageBody": text,
            "MessageAttributes": attributes(message.headers),
        }
        if message.place.endswith(".fifo"):
            asked |= {"MessageGroupId": message.key, "MessageDeduplicationId": message.event_id}
        answer = self._asked("SendMessage", asked, timeout_s)
        number = _json(answer).get("MessageId") if answer.status == 200 else None
        if number is None:
            raise self._failure(answer)
        return f"message {said(number, self._broker)}"

    def check(self, timeout_s: float) -> None:
        """Who may only send may not list: that is no wrong login."""
        answer = self._asked("ListQueues", {"MaxResults": 1}, timeout_s)
        if answer.status != 200 and _type(answer) not in _NO_RIGHT:
            raise self._failure(answer)

    def close(self) -> None:
        self._door.close()

    def _asked(self, action: str, what: Mapping[str, Any], timeout_s: float) -> Answer:
        """Raises: DeliveryError."""
        if not (self._broker.username and self._broker.password):
            raise refused(f"the connection {self._broker.name} needs an access key and its secret")
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{action}"}
        parcel = HttpParcel(headers, json.dumps(what, ensure_ascii=False).encode())
        request = Request(f"{self._base}/", parcel, self._broker.verify_ssl, timeout_s, timeout_s)
        try:
            return self._door.send(request).answer
        except DeliveryError as error:
            raise DeliveryError(
                f"{self._where}: {error.reason}",
                error.phase,
                error.fault,
                error.peer,
                error.was_sent,
                error.phases_ms,
            ) from None

    def _failure(self, answer: Answer) -> DeliveryError:
        kind = _type(answer)
        words = said(_json(answer).get("message") or _json(answer).get("Message") or "", self._broker)
        told = f"{self._where} answered {answer.status} {said(kind, self._broker)}: {words}".rstrip(": ")
        if kind in _LOGIN:
            return unreachable(f"{told}: the login is refused")
        if kind == "InvalidMessageContents" or _EVENTS_FAULT.search(words):
            return too_large(told)
        return not_taken(told)

    def _handle(self, addresses: Addresses) -> Handle:
        """One that signs what it sends."""
        handle = Handle(certifi.where(), addresses.allow)
        handle.sign(region_of(self._broker), "sqs", self._broker.username or "", self._broker.password or "")
        if self._broker.ca is not None:
            handle.trust(self._broker.ca)
        return handle


def attributes(headers: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """A message's headers as SQS has them: as many as there is room for, and none that is empty."""
    names = sorted((name for name in headers if headers[name]), key=_rank)[:ATTRIBUTES_MAX]
    return {name: {"DataType": "String", "StringValue": headers[name]} for name in names}


def _rank(name: str) -> int:
    lower = name.lower()
    return _FIRST.index(lower) if lower in _FIRST else len(_FIRST)


def _authority(url: str) -> str:
    return url.partition("://")[2].partition("?")[0].rstrip("/")


def _json(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _type(answer: Answer) -> str:
    """What SQS calls an error, as in `com.amazonaws.sqs#QueueDoesNotExist`."""
    return str(_json(answer).get("__type", "")).rpartition("#")[2]
