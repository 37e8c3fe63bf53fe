"""iceScrum's event codes against the list read from its source, and the example objects against its
documented keys.
"""

from collections import Counter

from connectors.icescrum.catalogue import APP_EVENT_TYPES, CORE_EVENT_TYPES, EVENT_TYPES, PRESETS


def test_it_has_38_core_codes_by_object() -> None:
    assert len(CORE_EVENT_TYPES) == 38
    assert Counter(info.code.split(".")[0] for info in CORE_EVENT_TYPES) == {
        "feature": 6,
        "story": 7,
        "task": 7,
        "release": 4,
        "sprint": 4,
        "acceptanceTest": 4,
        "actor": 3,
        "meeting": 3,
    }


def test_it_has_18_codes_of_apps_and_no_code_twice() -> None:
    assert len(APP_EVENT_TYPES) == 18
    assert {info.code.split(".")[0] for info in APP_EVENT_TYPES} == {
        "availability",
        "build",
        "commit",
        "event",
        "roadmap",
        "template",
    }
    assert len({info.code for info in EVENT_TYPES}) == len(EVENT_TYPES) == 56


def test_the_odd_codes_are_icescrums() -> None:
    codes = {info.code for info in EVENT_TYPES}
    assert {
        "story.addedComment",
        "task.removedComment",
        "feature.updatedComment",
        "acceptanceTest.state",
        "release.state",
    } <= codes
    assert (
        not {"feature.state", "comment.create", "sprint.addedComment", "user.create", "project.create"}
        & codes
    )


def test_every_code_has_words_for_people_and_stands_in_a_group_with_its_object() -> None:
    groups: dict[str, set[str]] = {}
    for info in EVENT_TYPES:
        assert info.name[0].isupper()
        assert info.description.endswith(".")
        groups.setdefault(info.group, set()).add(info.code.split(".")[0])
    assert groups["Acceptance test"] == {"acceptanceTest"}
    assert groups["Roadmap event"] == {"event"}
    assert len(groups) == 14
    assert all(len(objects) == 1 for objects in groups.values())
    assert len({info.name for info in EVENT_TYPES}) == 56, "a dropdown must not show one name twice"


def test_the_story_preset_has_four_events_and_no_comments() -> None:
    assert PRESETS["story"] == ("story.create", "story.update", "story.delete", "story.state")
    assert PRESETS["all"] == ("*",)
