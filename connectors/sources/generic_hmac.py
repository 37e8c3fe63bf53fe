"""Any sender that signs with an HMAC: where its signature stands and what it signs is asked for.

Owns these settings, whose defaults are what most senders do.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from connectors.hmac_source import is_recent, is_signed, time_of
from connectors.inbound import MISSING, NO_SECRET, TOO_OLD, WRONG, Received, Setting, Settings, header_errors
from connectors.signing import Encoding, Hash
from connectors.sources.anybody import ID, TYPE, Anybody
from connectors.trial import Trial

SIGNED = ("{body}", "{ts}.{body}", "{id}.{ts}.{body}", "{ts}:{body}", "{body}{url}")


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


def _filled(template: str, parts: dict[str, bytes]) -> bytes:
    """Part by part, so that what a part holds is not taken for another one's name."""
    out, rest = b"", template
    while rest:
        name = next((name for name in parts if rest.startswith(name)), "")
        out += parts[name] if name else rest[:1].encode()
        rest = rest[len(name) or 1 :]
    return out


SOURCE = GenericHmac()
