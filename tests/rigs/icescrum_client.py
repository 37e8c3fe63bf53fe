"""A client of iceScrum's own API, and the keys of its answers."""

from typing import Any

import requests

from tests.rigs.api import Client

Json = dict[str, Any]
STORY = '{"class":"Story","id":23,"name":"Hébergement"}'.encode()


class IceScrumClient(requests.Session):
    """A client written for iceScrum: its own header, `Accept: application/json`, nothing of ours."""

    def __init__(self, url: str, token: str | None, header: str = "x-icescrum-token") -> None:
        super().__init__()
        self.trust_env = False
        self.url = url
        self.headers["Accept"] = "application/json"
        if token is not None:
            self.headers[header] = token

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(
            method, f"{self.url}{url}", *args, **{"allow_redirects": False, "timeout": 20, **kwargs}
        )


def hook(url: str = "http://127.0.0.1:4711/in", **fields: Any) -> Json:
    return {"hook": {"url": url, "events": ["story.create"], **fields}}


def publish(api: Client, code: str = "story.create", data: bytes = STORY) -> Json:
    body = b'{"type":"' + code.encode() + b'","data":' + data + b"}"
    answer = api.post("/events", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 202, answer.text
    found: Json = answer.json()
    return found
