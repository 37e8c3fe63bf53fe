"""Senders that no file here knows: proved by an HMAC, a token, a password, or by nothing but the address.

Owns what is asked for of such a sender: where its signature and id stand, and what its events are called. The
defaults are what most of them do. A source of the kind `none` is proved by its unguessable address alone.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from connectors.hmac_source import is_recent, is_signed, time_of
from connectors.inbound import (
    MISSING,
    NO_SECRET,
    TOO_OLD,
    WRONG,
    Arrived,
    Document,
    Received,
    SecretFrom,
    Setting,
    Settings,
    Source,
    Unreadable,
    form_object,
    header_errors,
    is_header_name,
    is_one_of,
    named,
)
from connectors.naming import event_type
from connectors.signing import Encoding, Hash
from connectors.trial import Trial

ID = Setting(
    "id",
    "Where its id stands",
    (
        "header:NAME or body:path.to.field: what comes twice with the same id is taken once. Empty: "
        "each request is an event."
    ),
)
TYPE = Setting(
    "type",
    "Event type",
    "header:NAME or body:path.to.field, or the type itself, such as order.paid.",
    "body:type",
)
SIGNED = ("{body}", "{ts}.{body}", "{id}.{ts}.{body}", "{ts}:{body}", "{body}{url}")
HEADER_NAME_MAX = 100


class Anybody(Source):
    """What all of these share: how id and type are found."""

    docs = "connect/generic.md"
    settings: Sequence[Setting] = (TYPE, ID)

    def settings_errors(self, settings: Settings) -> list[tuple[str, str]]:
        return [
            (
                key,
                "must be header:NAME or body:path.to.field"
                + (", or an event type such as order.paid" if key == "type" else ""),
            )
            for key in ("type", "id")
            if settings.get(key) and not _is_place(settings[key], is_type=key == "type")
        ]

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        """Type and id where the settings say that they stand; nothing proves it yet."""
        headers: list[tuple[str, str]] = []
        body: dict[str, Any] = {"test": True}
        for place, value in ((settings.get("type", ""), "test"), (settings.get("id", ""), "{id}")):
            kind, _, where = place.partition(":")
            if kind == "header":
                headers.append((where, value))
            elif where:
                _put(body, where.split("."), value)
        return Trial(headers, json.dumps(body, separators=(",", ":")))

    def payload(self, received: Received, settings: Settings) -> bytes:
        return form_object(received.body) if received.is_form else received.body

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        wanted = settings.get("type", "")
        is_place = ":" in wanted
        kind = named(prefix, _found(received, document, wanted)) if is_place else wanted
        if not kind:
            raise Unreadable("the request does not say which event it is")
        return Arrived(kind, document.data, _found(received, document, settings.get("id", "")))


class GenericHmac(Anybody):
    key = "generic_hmac"
    name = "Any sender with a signature"
    summary = "Whatever signs its requests with an HMAC."
    proof = (
        "An HMAC of what the settings say, in the header that they name; where the time is signed, at "
        "most five minutes old."
    )
    example = ("field `type`: `order.paid`", "generic_hmac.order.paid")
    steps = (
        "At the sender, add a webhook.",
        "Its URL: {url}",
        "Its secret: {secret}",
        (
            "Look up at the sender how it signs, and set it in this source: header, hash, text form, "
            "what is signed."
        ),
    )
    settings = (
        Setting(
            "header", "Header with the signature", "Such as X-Signature.", "X-Signature", is_required=True
        ),
        Setting("algorithm", "Hash", "What the sender's page says.", "sha256", ("sha256", "sha512", "sha1")),
        Setting(
            "encoding", "Text form", "Sixty-four letters a to f and digits are hex.", "hex", ("hex", "base64")
        ),
        Setting("marker", "What stands before it", "Such as sha256= or v1=; mostly nothing."),
        Setting("signed", "What is signed", "ts and id are the two headers below.", "{body}", SIGNED),
        Setting(
            "timestamp_header", "Header with the time", "Where the time is signed too: seconds since 1970."
        ),
        Setting("id_header", "Header with the signed id", "Where the id is signed too."),
        TYPE,
        ID,
    )

    def settings_errors(self, settings: Settings) -> list[tuple[str, str]]:
        errors = super().settings_errors(settings)
        errors += header_errors(settings, "header", "timestamp_header", "id_header")
        signed = settings.get("signed", "{body}")
        for key, part in (("timestamp_header", "{ts}"), ("id_header", "{id}")):
            if part in signed and not settings.get(key):
                errors.append((key, f"is missing: {part} stands in what is signed"))
        return errors

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        found = super().trial(settings, secret)
        signed = settings["signed"]
        places = (("timestamp_header", "{ts}"), ("id_header", "{id}"))
        headers = {name.lower(): value for name, value in found.headers} if found else {}
        headers |= {settings[key].lower(): place for key, place in places if place in signed}
        headers[settings["header"].lower()] = settings.get("marker", "") + "{signature}"
        return found and replace(
            found,
            headers=tuple(headers.items()),  # one may stand for both: twice it would be none
            signed=signed,
            algorithm=cast(Hash, settings["algorithm"]),
            encoding=cast(Encoding, settings["encoding"]),
        )

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        if not any(secrets):
            return NO_SECRET
        header, marker = settings["header"], settings.get("marker", "")
        given = received.header(header)
        if not given:
            return MISSING.format(header)
        if not given.startswith(marker):
            return f"{header} does not begin with {marker}"
        template = settings["signed"]
        at = received.header(settings.get("timestamp_header", ""))
        seconds = time_of(at)
        if "{ts}" in template and seconds is None:
            return f"{settings['timestamp_header']} must be whole seconds since 1970"
        parts = {
            "{body}": received.body,
            "{ts}": at.encode("latin-1"),
            "{id}": received.header(settings.get("id_header", "")).encode("latin-1"),
            "{url}": received.url.encode(),
        }
        algorithm, encoding = cast(Hash, settings["algorithm"]), cast(Encoding, settings["encoding"])
        if not is_signed(secrets, given[len(marker) :], _filled(template, parts), algorithm, encoding):
            return WRONG
        if "{ts}" in template and seconds is not None and not is_recent(seconds, now):
            return TOO_OLD
        return None


class Token(Anybody):
    key = "token"
    name = "Any sender with a token"
    summary = "Whatever can send a fixed header, or a parameter of its URL."
    proof = "The secret itself, in `Authorization: Bearer`, in another header, or in a parameter of the URL."
    example = ("field `type`: `order.paid`", "token.order.paid")
    steps = (
        "At the sender, add a webhook.",
        "Its URL: {url}",
        "Have it send the header Authorization: Bearer {secret}, or whichever header this source names.",
        (
            "A sender that can set no header puts ?token={secret} behind the URL: "
            "set the header of this source to ?token."
        ),
    )
    settings = (
        Setting(
            "header",
            "Where the token stands",
            (
                "Authorization means Bearer TOKEN; any other header holds it alone. "
                "?token is a parameter of the URL: logs may keep it."
            ),
            "Authorization",
            is_required=True,
        ),
        TYPE,
        ID,
    )

    def settings_errors(self, settings: Settings) -> list[tuple[str, str]]:
        errors = super().settings_errors(settings)
        if not is_header_name(settings.get("header", "").removeprefix("?")):
            errors.append(("header", "must be the name of a header, or ?NAME for a parameter of the URL"))
        return errors

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        found, where = super().trial(settings, secret), settings["header"]
        if where.startswith("?"):
            return found and replace(found, parameter=where[1:])
        value = "Bearer {secret}" if where.lower() == "authorization" else "{secret}"
        return found and replace(found, headers=(*found.headers, (where, value)))

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        if not any(secrets):
            return NO_SECRET
        where = settings["header"]
        if where.startswith("?"):
            found = [value for name, value in received.query if name == where[1:]]
            given = found[0] if len(found) == 1 else ""
            missing = f"the parameter {where[1:]} is missing"
        else:
            given = received.header(where)
            missing = MISSING.format(where)
            if where.lower() == "authorization":
                scheme, _, given = given.partition(" ")
                given = given.strip() if scheme.lower() == "bearer" else ""
        if not given:
            return missing
        # A header's text is latin-1; a secret beyond it is sent as UTF-8.
        return None if is_one_of(_utf8(given), secrets) else f"{where} does not hold this source's secret"


class Basic(Anybody):
    key = "basic"
    name = "Any sender with a password"
    summary = "Whatever signs in with a name and a password (Basic)."
    proof = "Name and password, as `Authorization: Basic`."
    example = ("field `type`: `order.paid`", "basic.order.paid")
    steps = (
        "At the sender, add a webhook.",
        "Its URL: {url}",
        "User name: as this source says. Password: {secret}",
    )
    settings = (
        Setting("username", "User name", "What the sender signs in with.", "hookhub", is_required=True),
        TYPE,
        ID,
    )

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        found = super().trial(settings, secret)
        return found and replace(found, user=settings["username"])

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        return check_basic(received, secrets, settings["username"])


class Unproved(Anybody):
    key = "none"
    name = "Any sender, by the address alone"
    summary = "Whatever can do nothing but call a URL: whoever knows it can send."
    proof = "Nothing but the address, which has 128 random bits: treat it as a password."
    example = ("field `type`: `order.paid`", "none.order.paid")
    secret_from: SecretFrom = "nowhere"
    steps = (
        "Give the sender this URL and nobody else, because it proves the sender: {url}",
        "When it leaks, delete this source and make another.",
    )

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        return None


def check_basic(received: Received, secrets: Sequence[str], username: str) -> str | None:
    """Name and password as RFC 7617 sends them."""
    if not any(secrets):
        return NO_SECRET
    scheme, _, given = received.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return "the header Authorization: Basic is missing"
    try:
        pair = base64.b64decode(given.strip().encode("latin-1"), validate=True).decode()
    except (binascii.Error, ValueError):
        return "the header Authorization: Basic cannot be read"
    expected = [f"{username}:{secret}" for secret in secrets if secret]
    return None if is_one_of(pair, expected) else "name or password do not fit"


def _is_place(text: str, *, is_type: bool) -> bool:
    place, separator, where = text.partition(":")
    if not separator:
        return is_type and event_type("", text) == text
    is_right = is_header_name(where) if place == "header" else place == "body" and all(where.split("."))
    return is_right and len(where) <= HEADER_NAME_MAX


def _put(body: dict[str, Any], path: Sequence[str], value: str) -> None:
    """At a dotted path; what stands in its way is replaced."""
    for name in path[:-1]:
        inner = body.get(name)
        if not isinstance(inner, dict):
            inner = body[name] = {}
        body = inner
    body[path[-1]] = value


def _found(received: Received, document: Document, place: str) -> str:
    kind, _, where = place.partition(":")
    if not where:
        return ""
    return received.header(where) if kind == "header" else document.text(where)


def _filled(template: str, parts: dict[str, bytes]) -> bytes:
    """Part by part, so that what a part holds is not taken for another one's name."""
    out, rest = b"", template
    while rest:
        name = next((name for name in parts if rest.startswith(name)), "")
        out += parts[name] if name else rest[:1].encode()
        rest = rest[len(name) or 1 :]
    return out


def _utf8(text: str) -> str:
    try:
        return text.encode("latin-1").decode()
    except ValueError:
        return text


HMAC = GenericHmac()
TOKEN = Token()
BASIC = Basic()
NONE = Unproved()
