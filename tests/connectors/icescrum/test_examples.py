"""The example objects against iceScrum's documentation: their keys, their odd bytes, and no more of a person than a name."""

import json

import pytest

from connectors.icescrum.catalogue import EVENT_TYPES, examples

STORY_KEYS = """class id acceptanceTests_count acceptedDate activities_count actors_ids affectVersion attachments_count backlog
comments_count creator dateCreated dependsOn description doneDate effort estimatedDate feature followers_ids frozenDate inProgressDate
inReviewDate lastUpdated name notes origin parentSprint plannedDate rank state suggestedDate tasks_count todoDate type uid value
testState tags dependences countDoneTasks totalRemainingTime project permalink notes_html"""


@pytest.mark.parametrize("code", [info.code for info in EVENT_TYPES])
def test_each_code_has_an_example_of_its_own_kind(code: str) -> None:
    data = examples(code)
    read = json.loads(data)
    key, _, verb = code.partition(".")
    wanted = "Comment" if verb.endswith("Comment") else key[0].upper() + key[1:]
    assert list(read)[:2] == ["class", "id"]
    assert read["class"] == wanted
    assert isinstance(read["id"], int)
    assert b"\n" not in data


def test_the_story_example_has_every_documented_key_in_order() -> None:
    assert " ".join(json.loads(examples("story.create"))) == STORY_KEYS.replace("\n", " ")


def test_examples_hold_what_careless_code_breaks() -> None:
    story = examples("story.state")
    assert b'"effort":1.10,' in story
    assert "🚗".encode() in story
    assert "é".encode() in story
    assert b"\\u" not in story


def test_examples_give_away_no_more_of_a_person_than_a_name() -> None:
    for code in {info.code for info in EVENT_TYPES}:
        text = examples(code).decode()
        assert not [word for word in ("email", "username", "lastLogin", "pinCode", "admin") if word in text]


def test_a_type_of_no_catalogue_has_a_plain_example() -> None:
    assert json.loads(examples("order.paid"))["id"] == 1
    assert examples("order.paid") == examples("nothing")
