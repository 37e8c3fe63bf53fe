"""A project's key: what people and tokens name it by (contract §1).

Owns its form. Pure.
"""

import re

_PROJECT_KEY = re.compile(r"[A-Z][A-Z0-9]{1,9}")


def is_project_key(text: str) -> bool:
    return _PROJECT_KEY.fullmatch(text) is not None
