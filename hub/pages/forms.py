"""Forms: the fields of a posted page, read with a limit.

Owns the reading of `application/x-www-form-urlencoded`. It must never judge a value.
"""

from urllib.parse import parse_qsl

from starlette.requests import Request

from hub.api.calls import read_body
from hub.errors import Problem

FORM_BYTES_MAX = 65_536
FIELDS_MAX = 1_000


async def read_form(request: Request) -> dict[str, str]:
    """Field → value, the last one of each name. Raises: Problem 400, 408, 413, 415."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        raise Problem(415, "Wrong content type", "send this form as the page does: application/x-www-form-urlencoded")
    raw = await read_body(request, FORM_BYTES_MAX)
    try:
        return dict(parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX))
    except ValueError as error:
        raise Problem(400, "Malformed form", "this form is not understood") from error
