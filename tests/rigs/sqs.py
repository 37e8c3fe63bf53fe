"""A queue service for tests: what Amazon SQS answers to SendMessage and ListQueues in its JSON protocol.

Owns the check of every signature, by code of its own (AWS Signature Version 4), which in turn is held to what
AWS's library computes. Words and errors are those of the service's API reference.
"""

import hashlib
import hmac
import json
import re
from typing import Any

from hub.targets.brokers.client import Broker
from tests.rigs.brokers import PASSWORD
from tests.rigs.ports import free_port
from tests.rigs.receivers import Received, Receiver, hang

KEY = "AKIDEXAMPLE"
BYTES_MAX = 262_144
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\S+?)/(\d{8})/(\S+?)/sqs/aws4_request, "
    r"SignedHeaders=(\S+), Signature=([0-9a-f]{64})"
)


def signature(headers: dict[str, str], body: bytes, secret: str) -> tuple[str, str]:
    """What the signature of this request says, and what it should say. Names are in lower case."""
    found = _AUTHORIZATION.fullmatch(headers["authorization"])
    assert found is not None, headers["authorization"]
    _, day, region, names, said = found.groups()
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names.split(";"))
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{day}/{region}/sqs/aws4_request"
    text = (
        f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    )
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return said, key.hex()


class SqsRig:
    place = "123456789012/orders"

    def __init__(self) -> None:
        self.port = free_port()
        self.queues: dict[str, list[dict[str, Any]]] = {"orders": [], "orders.fifo": []}
        self.requests: list[Received] = []
        self.next_answer: tuple[int, str, str] | None = None
        """Status, type and words of the next error."""
        self._is_frozen = False
        self._receiver: Receiver | None = None

    def start(self) -> None:
        self._receiver = Receiver(self._answer, port=self.port)
        self._receiver.__enter__()

    def stop(self) -> None:
        assert self._receiver is not None
        self._receiver.close()

    def freeze(self) -> None:
        self._is_frozen = True

    def thaw(self) -> None:
        self._is_frozen = False
        assert self._receiver is not None
        self._receiver.drop_connections()

    def broker(self, **changes: Any) -> Broker:
        what = {
            "url": f"http://127.0.0.1:{self.port}?region=eu-west-1",
            "username": KEY,
            "password": PASSWORD,
        }
        return Broker("queue", "sqs", **(what | changes))

    def bodies(self) -> list[bytes]:
        return [one["MessageBody"].encode() for one in self.queues["orders"]]

    def _answer(self, request: Received) -> Any:
        self.requests.append(request)
        if self._is_frozen:
            return hang()
        said, right = signature(request.headers, request.body, PASSWORD)
        if said != right:
            return _error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
        if self.next_answer is not None:
            (status, kind, words), self.next_answer = self.next_answer, None
            return _error(status, kind, words)
        asked = json.loads(request.body)
        if request.headers["x-amz-target"] == "AmazonSQS.ListQueues":
            return 200, {}, b'{"QueueUrls":[]}'
        return self._taken(asked)

    def _taken(self, asked: dict[str, Any]) -> Any:
        queue = self.queues.get(asked["QueueUrl"].rpartition("/")[2])
        if queue is None:
            return _error(400, "QueueDoesNotExist", "The specified queue does not exist.")
        if len(asked["MessageBody"].encode()) > BYTES_MAX:
            words = f"Reason: Message must be shorter than {BYTES_MAX} bytes."
            return _error(400, "InvalidParameterValue", f"One or more parameters are invalid. {words}")
        once = asked.get("MessageDeduplicationId")
        if once is None or once not in [one.get("MessageDeduplicationId") for one in queue]:
            queue.append(asked)
        return 200, {}, json.dumps({"MessageId": f"id-{len(queue)}"}).encode()


def _error(status: int, kind: str, words: str) -> Any:
    return status, {}, json.dumps({"__type": f"com.amazonaws.sqs#{kind}", "message": words}).encode()
