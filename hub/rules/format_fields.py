"""What a hook's format asks for besides a URL: its settings, and a template that it can send.

Owns the checks and messages of `template` and `settings`, and how a URL that is a credential is shown. Pure.
Step before: `hook_fields` checks a hook. Step after: `templating` renders, the format sends.
"""

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from connectors.registry import find_format
from hub.errors import FieldError
from hub.logs import MASK
from hub.rules.templating import shape
from hub.rules.templating import template as templates
from hub.rules.templating.constants import TemplateWrong

VALUE_MAX = 500
SETTINGS_MAX = 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHOWN_END = 4


def template_errors(template: str | None) -> list[FieldError]:
    """What is wrong with the text of a template."""
    if template is None:
        return []
    if not template.strip():
        return [("template", "is empty: write what is to be sent, or leave it out (null)")]
    try:
        templates.read(template)
    except TemplateWrong as wrong:
        return [("template", str(wrong))]
    return []


def template_json_errors(form: str, template: str | None) -> list[FieldError]:
    """That a template which can be read never makes what a hook in this format sends."""
    if not template or not template.strip():
        return []
    found = find_format(form)
    try:
        why = shape.no_json(template) if found is not None and found.makes == "json" else None
    except TemplateWrong:  # told by `template_errors`
        return []
    return [] if why is None else [("template", f"never makes JSON, which the format {form} sends: {why}")]


def settings_errors(
    form: str, settings: Mapping[str, str] | None, stored: Collection[str]
) -> list[FieldError]:
    """What is wrong with the settings of a hook in this format; None: those `stored` stay as they are."""
    found = find_format(form)
    known = {one.key: one for one in found.settings} if found else {}
    given = dict.fromkeys(stored, MASK) if settings is None else settings
    errors = [] if settings is None else _value_errors(form, settings, known)
    errors += [
        (f"settings.{key}", f"is missing: {one.label.lower()} — {one.help}")
        for key, one in known.items()
        if one.is_required and not given.get(key)
    ]
    return errors


def header_errors(form: str, headers: Mapping[str, str]) -> list[FieldError]:
    """Headers of a hook that its format sends itself."""
    found = find_format(form)
    taken = found.own_headers if found else frozenset[str]()
    message = f"is sent by the format {form} itself: give its value as one of the settings"
    return [(f"headers.{name}", message) for name in headers if name.lower() in taken]


def secret_settings(form: str) -> frozenset[str]:
    """The names of a format's settings that are shown to nobody."""
    found = find_format(form)
    return frozenset(one.key for one in found.settings if one.is_secret) if found else frozenset()


def shown_settings(form: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as people and programs may read them."""
    hidden = secret_settings(form)
    known = {one.key for one in found.settings} if (found := find_format(form)) else set()
    return {name: MASK if name in hidden or name not in known else value for name, value in settings.items()}


def is_url_secret(form: str) -> bool:
    """True when whoever knows the URL of such a hook can write there too."""
    found = find_format(form)
    return found is not None and found.url_is_secret


def is_signed(form: str) -> bool:
    """True when whoever reads it can check a signature."""
    found = find_format(form)
    return found is None or found.is_signed


def makes_mail(form: str) -> bool:
    """True when it is sent to people's addresses."""
    found = find_format(form)
    return found is not None and found.makes == "mail"


def makes_json(form: str) -> bool:
    """True when what is sent is JSON for programs."""
    found = find_format(form)
    return found is not None and found.makes == "json"


def shown_url(form: str, url: str) -> str:
    """The URL for people who may not edit the hook: without what makes it a credential."""
    if not is_url_secret(form):
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…{url[-_SHOWN_END:]}"


def _value_errors(form: str, settings: Mapping[str, str], known: Collection[str]) -> list[FieldError]:
    errors = [
        (f"settings.{name}", f"is no setting of {form or 'its format'}; it has {', '.join(known) or 'none'}")
        for name in list(settings)[:SETTINGS_MAX]
        if name not in known
    ]
    for name, value in settings.items():
        if name in known and len(value) > VALUE_MAX:
            errors.append((f"settings.{name}", f"has {len(value)} characters; {VALUE_MAX} is the most"))
        elif name in known and _CONTROL.search(value):
            errors.append((f"settings.{name}", "must not hold line breaks or other control characters"))
    return errors
