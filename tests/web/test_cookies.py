"""Cookies say what browsers must do with them."""

from starlette.requests import Request
from starlette.responses import Response

from hub.web.cookies import Cookies


def written(base_url: str, value: str = "x; y=é") -> str:
    response = Response()
    Cookies(base_url).write(response, "session", value)
    return response.headers["set-cookie"]


def request_with(header: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", header.encode("latin-1"))]})


def test_on_https_no_other_host_and_no_plain_connection_sets_or_sees_them() -> None:
    name, *attributes = written("https://hub.example/below").split("; ")
    assert name == "__Host-hookhub=x%3B%20y%3D%C3%A9"
    assert set(attributes) == {"HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=lax", "Secure"}


def test_on_plain_http_the_prefix_and_secure_are_left_out_since_browsers_refuse_them() -> None:
    name, *attributes = written("http://127.0.0.1:8000").split("; ")
    assert name.startswith("hookhub=")
    assert set(attributes) == {"HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=lax"}


def test_what_was_written_is_read_and_an_empty_value_takes_it_away() -> None:
    cookies = Cookies("https://hub.example")
    header = written("https://hub.example").partition(";")[0]
    assert cookies.read(request_with(header), "session") == "x; y=é"
    assert cookies.read(request_with("hookhub=planted"), "session") == ""
    assert "Max-Age=0" in written("https://hub.example", "")
