"""Who is signed in, by the session's cookie.

Owns the way from a request of a browser to its `Requester`, as `callers` owns it for tokens. Nobody can sign in yet:
the pages that there are need nobody.
"""

from starlette.requests import Request

from hub.rules.access import Requester
from hub.services import Services


def requester_of(services: Services, request: Request) -> Requester | None:
    """Whoever is signed in; None for anybody else. Uses the database: not for the event loop."""
    return None
