"""Where a form came from: only our own pages may post to us.

Owns the check of `Sec-Fetch-Site` and `Origin`, which a page of another site cannot forge. It is not
the only lock: behind it stands a token or a session. Without either header the request comes from no browser,
and passes.
"""

from urllib.parse import urlsplit

from starlette.requests import Request

from hub.errors import Forbidden


def check_origin(request: Request, base_url: str) -> None:
    """Raises: Problem 403, which names the setting to mend when a proxy hides our own address."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise Forbidden(
                "this form was sent from another site; open the page itself and try again",
                title="Another site",
            )
        return
    origin = request.headers.get("origin")
    if origin is None:
        return
    ours = urlsplit(base_url)
    if origin == f"{ours.scheme}://{ours.netloc}" or urlsplit(origin).netloc == request.headers.get("host"):
        return
    raise Forbidden(
        (
            f"this form came from {origin[:200]}, but the hub is at {base_url}; if that is the same, "
            "set HUB_BASE_URL to it"
        ),
        title="Another site",
    )
