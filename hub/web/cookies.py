"""Cookies: the session, a message that is shown once, and the chosen theme.

Owns their names and attributes. On https they carry the prefix `__Host-` (RFC 6265bis §4.1.3.2): no other
host, and nobody on plain http, can set or read them. On plain http, where browsers refuse the prefix and
`Secure`, both are left out. None is readable by scripts.
"""

from typing import Literal
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from hub.rules.sign_in import SESSION_LIFE_S

Kind = Literal["session", "said", "theme"]
NAMES: dict[Kind, str] = {"session": "hookhub", "said": "hookhub-said", "theme": "hookhub-theme"}
LIVES_S: dict[Kind, int] = {"session": int(SESSION_LIFE_S), "said": 60, "theme": 400 * 86_400}
VALUE_MAX_CHARS = 1_000
"""Of a message: browsers drop cookies of more than 4,096 bytes."""


class Cookies:
    """The cookies of one hub, as people reach it at its base URL."""

    def __init__(self, base_url: str) -> None:
        self._is_secure = base_url.startswith("https:")

    def name(self, kind: Kind) -> str:
        return f"__Host-{NAMES[kind]}" if self._is_secure else NAMES[kind]

    def read(self, request: Request, kind: Kind) -> str:
        """Empty when the browser has none."""
        return unquote(request.cookies.get(self.name(kind), ""))

    def write(self, response: Response, kind: Kind, value: str) -> None:
        """An empty value takes the cookie away."""
        response.set_cookie(
            self.name(kind),
            quote(value[:VALUE_MAX_CHARS], safe=""),
            max_age=LIVES_S[kind] if value else 0,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )
