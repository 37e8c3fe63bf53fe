"""Where a token and a project are found in a request."""

import pytest
from starlette.datastructures import Headers

from hub.web.callers import token_of
from hub.web.problems import Problem


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer hub_x"},
        {"Authorization": "bearer   hub_x "},
        {"X-API-Key": "hub_x"},
        {"x-api-key": " hub_x", "authorization": "Basic abc"},
        {"authorization": "Bearer hub_x", "x-api-key": "another"},
    ],
)
def test_a_token_is_in_one_of_two_headers(headers: dict[str, str]) -> None:
    assert token_of(Headers(headers)) == "hub_x"


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "hub_x"}, {"authorization": "Bearer "}, {"cookie": "token=hub_x"}]
)
def test_without_one_it_is_said_where_to_put_it(headers: dict[str, str]) -> None:
    with pytest.raises(Problem, match="Authorization: Bearer TOKEN or X-API-Key") as refused:
        token_of(Headers(headers))
    assert refused.value.status == 401
