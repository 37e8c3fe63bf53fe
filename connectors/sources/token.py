"""Any sender that can send a fixed header, or a parameter of its URL: the secret itself proves it."""

from collections.abc import Sequence
from dataclasses import replace

from connectors.inbound import MISSING, NO_SECRET, Received, Setting, Settings, is_header_name, is_one_of
from connectors.sources.anybody import ID, TYPE, Anybody
from connectors.trial import Trial


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


def _utf8(text: str) -> str:
    try:
        return text.encode("latin-1").decode()
    except ValueError:
        return text


SOURCE = Token()
