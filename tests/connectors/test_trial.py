"""Test calls: what each kind of source makes up gets through its own check, from the hub and from a shell."""

import shutil
import subprocess
from collections.abc import Mapping
from itertools import pairwise

import pytest

from connectors import registry, trial
from connectors.inbound import Received
from connectors.signing import new_secret
from connectors.trial import Trial
from tests.rigs.senders import AT, document_of
from tests.rigs.waiting import DEADLINE_S

URL = "https://hub.example.org/in/src_1?x='$(false)'"
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "shopify": {"shop": "example.myshopify.com", "topics": "orders/paid, orders/create"},
    "grafana, timed": {"timestamp_header": "X-Grafana-Timestamp"},
    "token, in the URL": {"header": "?token", "type": "body:a.b", "id": "body:a.c"},
    "token, in a header": {"header": "X-Token", "type": "header:X-Type", "id": "header:X-Id"},
    "token, its type fixed": {"type": "order.paid"},
    "basic": {"username": "it's $HOME"},
    "generic_hmac, all": {
        "header": "X-Sig", "marker": "`v1`=", "signed": "{id}.{ts}.{body}", "timestamp_header": "X-At",
        "id_header": "X-Id", "id": "header:x-id", "encoding": "base64", "algorithm": "sha512",
    },
    "generic_hmac, its URL": {"signed": "{body}{url}", "algorithm": "sha1"},
}  # fmt: skip
REQUESTS = [key for key in registry.source_keys() if not registry.source(key).from_broker]
KINDS = [*REQUESTS, *SETTINGS, "gitlab, signed", "standard, by its text"]
SECRETS = {"gitlab, signed": new_secret(), "standard": new_secret(), "hookhub": new_secret()}

CURL = r"""curl() { printf '%s\0' "$@"; }
date() { echo AT; }
""".replace("AT", str(AT))


def given(name: str) -> tuple[str, dict[str, str], str]:
    """Kind, all its settings, and a secret."""
    kind = name.partition(",")[0]
    defaults = {setting.key: setting.default for setting in registry.source(kind).settings}
    return kind, {**defaults, **SETTINGS.get(name, {})}, SECRETS.get(name, "s3cret")


def said_by(name: str) -> Trial:
    kind, settings, secret = given(name)
    found = registry.source(kind).trial(settings, secret)
    assert found is not None
    return found


def taken_as(name: str, received: Received) -> tuple[str, str]:
    """Type and id of the event that it becomes."""
    kind, settings, secret = given(name)
    source = registry.source(kind)
    assert source.check(received, (secret,), settings, AT) is None
    document = document_of(source.payload(received, settings))
    found = source.read(received, document, settings, source.first_prefix, AT)
    assert found is not None
    assert b'"test":true' in found.data
    return found.event_type, found.id


@pytest.mark.parametrize("name", KINDS)
def test_a_test_call_of_each_kind_gets_through_its_own_check(name: str) -> None:
    _, _, secret = given(name)
    call = trial.made(said_by(name), url=URL, secret=secret, call_id="test-1", now=AT + 0.9)
    event_type, event_id = taken_as(name, Received(call.headers, call.body, URL, call.query))
    assert event_type.rpartition(".")[2] in ("test", "paid", "create")
    says_id = name.partition(",")[0] not in ("grafana", "alertmanager", "token", "basic", "none")
    assert (
        event_id == "test-1" or not says_id or name in ("icescrum", "generic_hmac, its URL", "generic_hmac")
    )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
@pytest.mark.parametrize("name", KINDS)
def test_the_lines_for_a_shell_make_the_same_call(name: str) -> None:
    _, _, secret = given(name)
    lines = trial.shell(said_by(name), url=URL, secret=secret)
    ran = subprocess.run(["sh", "-euc", CURL + lines], capture_output=True, timeout=DEADLINE_S, check=True)
    assert ran.stderr == b""
    words = [word.decode("latin-1") for word in ran.stdout.split(b"\0")]
    pairs = list(pairwise(words))
    headers = [tuple(value.split(": ", 1)) for flag, value in pairs if flag == "-H"]
    body = next(value for flag, value in pairs if flag == "--data-binary").encode("latin-1")

    made = trial.made(said_by(name), url=URL, secret=secret, call_id=f"test-{AT}", now=AT)
    signed_in = [value for flag, value in pairs if flag == "-u"]
    assert body == made.body
    assert [(key.lower(), value) for key, value in headers] == [
        pair for pair in made.headers if not (signed_in and pair[0] == "authorization")
    ]
    assert signed_in in ([], [f"it's $HOME:{secret}"])
    [address] = [word for word in words if word.startswith("https:")]
    assert address == URL + "".join(f"?{key}={value}" for key, value in made.query)
