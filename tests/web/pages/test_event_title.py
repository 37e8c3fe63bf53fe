"""What an event is about, in a line: the name of its object, or what a chat would say."""

import pytest

from connectors.base import Event
from hub.web.pages.event_title import CHARS_MAX, title_of


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (b'{"id":1,"name":"Book a night train","title":"no"}', "Book a night train"),
        (b'{"name":{"first":"Ann"},"title":7,"subject":"Refund"}', "Refund"),
        (b'{"text":"H\xc3\xa9bergement"}', "Hébergement"),
        (b'{"name":"%s"}' % (b"x" * 200), "x" * CHARS_MAX),
        (b'{"n":1}', ""),
        (b'{"name":"\xff"}', ""),
        (b"[" * 2000, ""),
    ],
)
def test_an_object_is_called_as_people_know_it(data: bytes, title: str) -> None:
    assert title_of(Event("evt_1", "story.update", "2026-11-23T21:04:06.123Z", "P", data)) == title


def test_of_an_event_of_a_source_it_is_what_a_chat_would_say() -> None:
    push = b'{"ref":"refs/heads/main","commits":[{"message":"x"}],"repository":{"full_name":"a/b"}'
    push += b',"sender":{"login":"mia"}}'
    said = {
        source: title_of(
            Event("evt_1", "github.push", "2026-11-23T21:04:06.123Z", "P", push, source_id=source)
        )
        for source in ("src_1", None)
    }
    assert "1 commit pushed to main" in said["src_1"]
    assert said[None] == ""
