"""Whom a hook may mail: the text of a `mailto:` URL.

Owns what of such a URL is read: addresses separated by commas (RFC 6068 §2), and nothing that could name a
header, a subject or another recipient. Pure. Step before: a person or an app types a URL. Step after:
`hub.targets.smtp` sends to each address.
"""

import re

from hub.rules.addresses import TargetRefused

SCHEME = "mailto:"
RECIPIENTS_MAX = 20
ADDRESS_MAX = 254
URL_MAX = 2048
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$&'*+/=^_`{|}~-]+(\.[A-Za-z0-9!#$&'*+/=^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
"""Of RFC 5321 §4.1.2 what is in use: no quotes, no comments, no address literal, no `%`."""


def is_mail(url: str) -> bool:
    """Whether it names people and no server."""
    return url[: len(SCHEME)].lower() == SCHEME


def of_url(url: str) -> tuple[str, ...]:
    """The addresses of a `mailto:` URL, each once. Raises `TargetRefused`."""
    rest = url[len(SCHEME) :]
    if len(url) > URL_MAX:
        raise TargetRefused(f"The target is longer than {URL_MAX} characters.")
    if "?" in rest or "%" in rest:
        raise TargetRefused("A mailto: target holds addresses only: no ?subject=… and no % signs.")
    addresses = tuple({part.lower(): part for part in rest.split(",")}.values())
    if len(addresses) > RECIPIENTS_MAX:
        raise TargetRefused(f"The target names {len(addresses)} addresses; {RECIPIENTS_MAX} is the most.")
    for address in addresses:
        if reason := address_fault(address):
            raise TargetRefused(reason)
    return addresses


def address_fault(address: str) -> str | None:
    """What is wrong with one e-mail address."""
    if not address:
        return "An address is missing: write mailto:name@example.org, more of them separated by commas."
    is_address = _ADDRESS.fullmatch(address) is not None
    if not is_address or len(address) > ADDRESS_MAX or len(address.rpartition("@")[0]) > 64:
        return f"{address[:100]!a} is no e-mail address such as name@example.org."
    return None
