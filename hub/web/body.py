"""Bodies of requests: read whole, within a size and a time.

Owns the limits of what a caller may send, and the reading of forms. It must never judge a value.
"""

import asyncio
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import ClientDisconnect, Request

from hub.web.problems import Problem

BODY_WAIT_S = 30.0
BODY_BYTES_MAX = 1_048_576
"""For calls that are not publishing."""
FORM_BYTES_MAX = 65_536
FORM_FIELDS_MAX = 1_000


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The whole body. Raises: Problem 413 too large, 408 it does not come."""

    async def read() -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > bytes_max:
                raise Problem(
                    413,
                    f"the body has more than {bytes_max} bytes",
                    errors=[("body", f"may have {bytes_max} bytes")],
                )
            chunks.append(chunk)
        return b"".join(chunks)

    try:
        return await asyncio.wait_for(read(), BODY_WAIT_S)
    except TimeoutError as error:
        raise Problem(408, f"the body did not come within {BODY_WAIT_S:g} s") from error
    except ClientDisconnect as error:
        raise Problem(400, "the connection ended before the body did") from error


Form = ImmutableMultiDict[str, str]
"""The fields of a form, each with its values."""


async def read_form(request: Request) -> Form:
    """The fields of the form that was sent. Raises: Problem 400, 408, 413, 415."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        raise Problem(415, "send this form as the page does: application/x-www-form-urlencoded")
    raw = await read_body(request, FORM_BYTES_MAX)
    try:
        return Form(
            parse_qsl(
                raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS_MAX
            )
        )
    except ValueError as error:
        raise Problem(400, "this form is not understood") from error
