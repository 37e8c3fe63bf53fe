"""A client of iceScrum's own API, and the keys of its answers."""

from typing import Any

from tests.rigs.api import Caller, Client

Json = dict[str, Any]
STORY = '{"class":"Story","id":23,"name":"Hébergement"}'.encode()


class IceScrumClient(Caller):
    """A client written for iceScrum: its own header, `Accept: application/json`, nothing of ours."""

    def __init__(self, url: str, token: str | None, header: str = "x-icescrum-token") -> None:
        super().__init__(url)
        self.headers["Accept"] = "application/json"
        if token is not None:
            self.headers[header] = token


def hook(url: str = "http://127.0.0.1:4711/in", **fields: Any) -> Json:
    return {"hook": {"url": url, "events": ["story.create"], **fields}}


def publish(api: Client, code: str = "story.create", data: bytes = STORY) -> Json:
    body = b'{"type":"' + code.encode() + b'","data":' + data + b"}"
    answer = api.post("/events", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 202, answer.text
    found: Json = answer.json()
    return found
