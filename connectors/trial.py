"""A source's test call: one request as its sender would sign it, as plain data.

Owns the two things made of that data, so that they cannot differ. One is the request itself, which the hub
puts through the real check. The other is the lines of a POSIX shell (curl and openssl) that make the same one
anywhere; what people typed into a source's settings stands quoted in them. Step before: a source's `trial`.
"""

import base64
import hmac
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from connectors.signing import PREFIX, Encoding, Hash, key_bytes

JSON = ("content-type", "application/json")
BODY = '{"test":true,"id":"{id}"}'
_PLACE = re.compile(r"\{(id|ts|body|url|secret|signature)\}")


@dataclass(frozen=True, slots=True)
class Trial:
    """One made-up request. In its texts `{id}`, `{ts}`, `{url}`, `{secret}` and `{signature}` stand for what
    each call has anew; `{body}` for the body, in what is signed.
    """

    headers: Sequence[tuple[str, str]] = ()
    """Besides the content type."""
    body: str = BODY
    signed: str = ""
    """What is signed; empty: nothing."""
    algorithm: Hash = "sha256"
    encoding: Encoding = "hex"
    is_key_decoded: bool = False
    """The key is what the secret's text stands for: the base64 behind `whsec_` (Standard Webhooks)."""
    user: str = ""
    """It signs in by this name, with the secret as its password (Basic)."""
    parameter: str = ""
    """The parameter of the URL that holds the secret."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request, ready to be checked."""

    headers: Sequence[tuple[str, str]]
    query: Sequence[tuple[str, str]]
    body: bytes


def standard(secret: str, body: str = BODY) -> Trial:
    """One that is signed as Standard Webhooks are."""
    headers = (
        ("webhook-id", "{id}"),
        ("webhook-timestamp", "{ts}"),
        ("webhook-signature", "v1,{signature}"),
    )
    is_key_decoded = not secret or secret.startswith(PREFIX)
    return Trial(headers, body, "{id}.{ts}.{body}", "sha256", "base64", is_key_decoded)


def made(trial: Trial, *, url: str, secret: str, call_id: str, now: float) -> Call:
    """The request of one call."""
    values = {"id": call_id, "ts": str(int(now)), "url": url, "secret": secret}
    body = _filled(trial.body, values)
    if trial.signed:
        values["signature"] = _signature(trial, secret, _filled(trial.signed, {**values, "body": body}))
    headers = [JSON, *((name.lower(), _filled(value, values)) for name, value in trial.headers)]
    if trial.user:
        pair = base64.b64encode(f"{trial.user}:{secret}".encode("utf-8", "surrogatepass")).decode("ascii")
        headers.append(("authorization", f"Basic {pair}"))
    query = [(trial.parameter, secret)] if trial.parameter else []
    as_received = [(name, value.encode("utf-8", "replace").decode("latin-1")) for name, value in headers]
    return Call(as_received, query, body.encode("utf-8", "replace"))


def shell(trial: Trial, *, url: str, secret: str) -> str:
    """The same request, for a terminal with curl and openssl. `secret`: what stands in its place where it is
    not to be shown.
    """
    used = " ".join([trial.body, trial.signed, *(value for _, value in trial.headers)])
    lines = [f"URL={shlex.quote(url)}"]
    if trial.user or trial.parameter or trial.signed or "{secret}" in used:
        lines.append(f"SECRET={shlex.quote(secret)}")
    if "{id}" in used:
        lines.append('ID="test-$(date +%s)"')
    if "{ts}" in used:
        lines.append("TS=$(date +%s)")
    lines.append(f"BODY={_word(trial.body)}")
    lines += _signing_lines(trial)

    parts = [f'curl -sS "$URL{_parameter(trial)}"', *_credentials(trial)]
    parts += [f"-H {_word(f'{name}: {value}')}" for name, value in (JSON, *trial.headers)]
    parts += ['--data-binary "$BODY"', "-w '\\n'"]
    return "\n".join([*lines, " \\\n  ".join(parts)])


def _signing_lines(trial: Trial) -> list[str]:
    if not trial.signed:
        return []
    lines, key = [], '-hmac "$SECRET"'
    if trial.is_key_decoded:
        lines = [
            "KEY=$(printf %s \"${SECRET#whsec_}\" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')"
        ]
        key = '-mac HMAC -macopt "hexkey:$KEY"'
    text = "-binary | openssl base64 -A" if trial.encoding == "base64" else "-r | cut -d' ' -f1"
    said = _word(trial.signed)
    return [*lines, f"SIGNATURE=$(printf %s {said} | openssl dgst -{trial.algorithm} {key} {text})"]


def _parameter(trial: Trial) -> str:
    # A secret of the hub's own making needs no escape in a URL.
    return f"?{quote(trial.parameter, safe='')}=$SECRET" if trial.parameter else ""


def _credentials(trial: Trial) -> list[str]:
    return [f'-u {shlex.quote(trial.user + ":")}"$SECRET"'] if trial.user else []


def _word(text: str) -> str:
    """One word of the shell: what is typed quoted, and the places as variables."""
    pieces = _PLACE.split(text)
    return "".join(
        f'"${piece.upper()}"' if n % 2 else shlex.quote(piece)  # what a pattern caught stands at odd places
        for n, piece in enumerate(pieces)
        if piece
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def _signature(trial: Trial, secret: str, signed: str) -> str:
    key = key_bytes(secret) if trial.is_key_decoded else secret.encode("utf-8", "surrogatepass")
    digest = hmac.digest(key, signed.encode("utf-8", "replace"), trial.algorithm)
    return digest.hex() if trial.encoding == "hex" else base64.b64encode(digest).decode("ascii")
