"""Only our own pages may post: what `Sec-Fetch-Site` and `Origin` say, and what their absence means."""

import pytest
from starlette.requests import Request

from hub.errors import Forbidden
from hub.web.origin import check_origin

BASE_URL = "https://hub.example/inside"


def form(**headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": named})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin", "origin": "https://evil.example"},
        {"origin": "https://hub.example"},
        {"origin": "http://10.0.0.5:8000", "host": "10.0.0.5:8000"},
    ],
)
def test_a_form_passes_from_our_own_pages_and_from_no_browser(headers: dict[str, str]) -> None:
    check_origin(form(**headers), BASE_URL)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": ""},
        {"sec_fetch_site": "cross-site", "origin": "https://hub.example"},
        {"origin": "http://hub.example"},
        {"origin": "https://hub.example.evil"},
        {"origin": "http://10.0.0.5:8001", "host": "10.0.0.5:8000"},
        {"origin": "null"},
    ],
)
def test_a_form_of_another_site_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden) as refused:
        check_origin(form(**headers), BASE_URL)
    assert refused.value.title == "Another site"


def test_behind_a_proxy_it_says_which_setting_to_mend_and_stays_short() -> None:
    with pytest.raises(Forbidden) as refused:
        check_origin(form(origin="https://" + "x" * 1000), BASE_URL)
    assert f"the hub is at {BASE_URL}" in refused.value.detail
    assert "set HUB_BASE_URL" in refused.value.detail
    assert len(refused.value.detail) < 400
