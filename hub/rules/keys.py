"""What projects and tokens are called: a project's key, and the names that people see.

Owns these two rules. Pure.
"""

import re
import unicodedata

LABEL_MAX = 200
PROJECT_KEY_PATTERN = r"^[A-Z][A-Z0-9]{1,9}$"

BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They make a text look like another one (Unicode TR 36, §2.5)."""


def is_project_key(text: str) -> bool:
    return re.fullmatch(r"[A-Z][A-Z0-9]{1,9}", text) is not None


def project_key_error(text: str) -> str | None:
    """Why this cannot be a project's key; None when it can."""
    if is_project_key(text):
        return None
    return "must be 2 to 10 upper-case letters and digits, beginning with a letter"


def label_error(text: str) -> str | None:
    """Why this cannot be the name of a project or token; None when it can, as the empty one can."""
    is_plain = not any(
        unicodedata.category(character) in ("Cc", "Cs") or character in BIDIRECTIONAL for character in text
    )
    if is_plain and len(text) <= LABEL_MAX:
        return None
    return f"must be UTF-8 text of at most {LABEL_MAX} characters, without control characters"
