"""SQS: the request as it leaves, signed as AWS's own library signs, and what each answer costs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.brokers import sqs
from hub.targets.brokers.client import Broker
from hub.targets.brokers.sqs import Sqs, attributes, region_of
from hub.targets.resolver import Resolver
from tests.rigs.authority import Authority
from tests.rigs.brokers import PASSWORD, failure, message
from tests.rigs.receivers import Receiver
from tests.rigs.sqs import KEY, SqsRig, signature
from tests.rigs.waiting import DEADLINE_S

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SIGNED = "content-type;host;x-amz-date;x-amz-target"
BY_BOTOCORE = [
    (
        "sqs.eu-west-1.amazonaws.com",
        "eu-west-1",
        b'{"a":1}',
        "a0acd24f0494396c2e43029d7c681e41c3cc1a9ccbe09208a1a2c1bd8c569d08",
    ),
    (
        "127.0.0.1:9324",
        "us-east-1",
        '{"é":"€"}'.encode(),
        "1b4df3d949c3a9cd4691cbf83239a71252b63c75bed9d7cd96819ed2e3afbbb2",
    ),
    (
        "sqs.us-east-1.amazonaws.com",
        "us-east-1",
        b"x" * 3000,
        "51acc49a95930e56b6ccf336aa1adf5f62154a4ee37827da5d593bf4f7e8f7a6",
    ),
]
"""Signatures that AWS's library (botocore 1.44) made of requests with this host, region and body."""


@pytest.fixture
def client(sqs_rig: SqsRig, addresses: Addresses) -> Iterator[Sqs]:
    made = sqs.client(sqs_rig.broker(), addresses)
    yield made
    made.close()


@pytest.mark.parametrize(("host", "region", "body", "expected"), BY_BOTOCORE)
def test_the_check_of_signatures_agrees_with_aws(host: str, region: str, body: bytes, expected: str) -> None:
    scope = f"{KEY}/20261125/{region}/sqs/aws4_request"
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "host": host,
        "x-amz-date": "20261125T123456Z",
        "x-amz-target": "AmazonSQS.SendMessage",
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={SIGNED}, Signature={expected}",
    }
    assert signature(headers, body, SECRET) == (expected, expected)


def test_a_message_is_signed_and_carries_its_headers(sqs_rig: SqsRig, client: Sqs) -> None:
    words = client.publish(message(sqs_rig, '{"é": "€"}'.encode()), DEADLINE_S)
    sent = sqs_rig.queues["orders"][-1]
    assert words == f"message id-{len(sqs_rig.queues['orders'])}"
    assert sent == {
        "QueueUrl": f"http://127.0.0.1:{sqs_rig.port}/123456789012/orders",
        "MessageBody": '{"é": "€"}',
        "MessageAttributes": {
            "webhook-id": {"DataType": "String", "StringValue": "evt_1"},
            "content-type": {"DataType": "String", "StringValue": "application/json"},
            "x-hub-event": {"DataType": "String", "StringValue": "order.paid"},
        },
    }
    headers = sqs_rig.requests[-1].headers
    assert f"Credential={KEY}/" in headers["authorization"]
    assert "/eu-west-1/sqs/aws4_request" in headers["authorization"]
    assert PASSWORD not in json.dumps(headers)


def test_a_fifo_queue_has_a_message_once_and_in_its_group(sqs_rig: SqsRig, client: Sqs) -> None:
    place = "123456789012/orders.fifo"
    for _ in range(2):
        assert client.publish(message(sqs_rig, place=place, event_id="evt_1", key="hook_7"), DEADLINE_S)
    [sent] = sqs_rig.queues["orders.fifo"]
    assert (sent["MessageGroupId"], sent["MessageDeduplicationId"]) == ("hook_7", "evt_1")


@pytest.mark.parametrize(
    ("answer", "blames_event", "words"),
    [
        ((400, "QueueDoesNotExist", "The specified queue does not exist."), False, "queue does not exist"),
        ((400, "InvalidMessageContents", "Invalid characters found"), True, "Invalid characters"),
        ((403, "AccessDenied", "Access to the resource is denied."), False, "Access to the resource"),
        ((403, "InvalidClientTokenId", "The security token is invalid."), False, "the login is refused"),
        ((400, "RequestThrottled", "Request throttled"), False, "Request throttled"),
        ((503, "ServiceUnavailable", ""), False, "answered 503 ServiceUnavailable"),
    ],
)
def test_what_sqs_minds_is_told_in_its_words(
    sqs_rig: SqsRig, client: Sqs, answer: tuple[int, str, str], blames_event: bool, words: str
) -> None:
    sqs_rig.next_answer = answer
    error = failure(client, message(sqs_rig))
    assert (error.fault, error.blames_event) == ("receiver", blames_event)
    assert words in error.reason


def test_one_that_is_too_large_or_no_text_blames_its_event_alone(sqs_rig: SqsRig, client: Sqs) -> None:
    for body in (b"x" * 300_000, b"\xff\xfe"):
        error = failure(client, message(sqs_rig, body))
        assert (error.fault, error.blames_event) == ("receiver", True)


def test_who_may_only_send_passes_the_check(sqs_rig: SqsRig, client: Sqs) -> None:
    sqs_rig.next_answer = (403, "AccessDenied", "not authorized to perform: sqs:listqueues")
    client.check(DEADLINE_S)
    sqs_rig.next_answer = (403, "InvalidClientTokenId", "The security token is invalid.")
    with pytest.raises(DeliveryError, match="the login is refused"):
        client.check(DEADLINE_S)


def test_without_a_key_or_where_it_may_not_go_nothing_is_sent(sqs_rig: SqsRig, addresses: Addresses) -> None:
    keyless = sqs.client(sqs_rig.broker(username=None), addresses)
    assert failure(keyless, message(sqs_rig)).fault == "refused"
    fenced = sqs.client(sqs_rig.broker(), Addresses((), Resolver()))
    assert failure(fenced, message(sqs_rig)).fault == "refused"


@pytest.mark.parametrize(
    "answer", [(200, {}, b"{}"), (200, {}, b"<html>"), (200, {}, b"[1]"), (302, {"Location": "/"}, b"")]
)
def test_what_no_sqs_answers_is_a_failure(addresses: Addresses, sqs_rig: SqsRig, answer: Any) -> None:
    with Receiver(answer) as server:
        made = sqs.client(sqs_rig.broker(url=f"http://127.0.0.1:{server.port}"), addresses)
        assert failure(made, message(sqs_rig)).fault == "receiver"
        made.close()


def test_tls_is_judged_by_the_connections_own_certificates(
    sqs_rig: SqsRig, addresses: Addresses, authority: Authority
) -> None:
    with Receiver((200, {}, b'{"MessageId": "1"}'), tls=authority.context("127.0.0.1")) as server:
        url = f"https://127.0.0.1:{server.port}"
        trusting = sqs.client(sqs_rig.broker(url=url, ca=Path(authority.ca_file).read_text()), addresses)
        assert trusting.publish(message(sqs_rig), DEADLINE_S) == "message 1"
        wary = sqs.client(sqs_rig.broker(url=url), addresses)
        assert "TLS certificate not trusted" in failure(wary, message(sqs_rig)).reason
        trusting.close()
        wary.close()


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sqs.eu-central-1.amazonaws.com", "eu-central-1"),
        ("https://sqs-fips.us-east-2.amazonaws.com", "us-east-2"),
        ("https://sqs.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("https://vpce-1.sqs.eu-west-3.vpce.amazonaws.com", "eu-west-3"),
        ("http://queue.example:9324", "us-east-1"),
        ("http://queue.example:9324?region=elsewhere", "elsewhere"),
    ],
)
def test_the_region_is_the_hosts_or_the_urls(url: str, region: str) -> None:
    assert region_of(Broker("b", "sqs", url)) == region


def test_ten_attributes_are_sent_the_needed_ones_among_them() -> None:
    headers = {f"x-{number}": "v" for number in range(12)} | {
        "x-hub-event": "a",
        "webhook-id": "e",
        "x-empty": "",
    }
    sent = list(attributes(headers))
    assert sent[:2] == ["webhook-id", "x-hub-event"]
    assert len(sent) == 10
    assert "x-empty" not in sent
