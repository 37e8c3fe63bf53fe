"""Messages: what is said of events of each kind that we know, and of those that we do not."""

import json
from typing import Any

import pytest

from connectors.base import PING_EVENT_TYPE, Event
from connectors.icescrum.catalogue import EVENT_TYPES, examples
from connectors.messages.describe import describe
from connectors.messages.message import FACT_MAX, FACTS_MAX, TEXT_MAX, TITLE_MAX, Message

PERSON = {"login": "ann", "id": 1}
REPOSITORY = {"full_name": "acme/web", "html_url": "https://github.example/acme/web"}


def told(code: str, data: Any) -> Message:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return describe(Event("evt_1", code, "2026-11-23T21:04:06.123Z", "WEB", raw))


def github(**more: Any) -> dict[str, Any]:
    return {"sender": PERSON, "repository": REPOSITORY, **more}


def gitlab(kind: str, **more: Any) -> dict[str, Any]:
    project = {"path_with_namespace": "acme/web", "web_url": "https://gitlab.example/acme/web"}
    return {"object_kind": kind, "project": project, "user": {"name": "Ann"}, **more}


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("story.create", "Story 17 Hébergement with a car 🚗 created"),
        ("story.state", "Story 17 Hébergement with a car 🚗 is planned"),
        ("story.addedComment", "Comment on story #23"),
        ("task.state", "Task 44 Vérifier le tarif is in progress"),
        ("sprint.update", "Sprint R1 - Sprint 2 updated"),
        ("feature.delete", "Feature 2 Réservation deleted"),
        ("acceptanceTest.state", "Acceptance test 9 Total à payer is to check"),
        ("meeting.create", "Meeting Planification du sprint 2 created"),
        ("build.create", "Build travel-agency #205: success"),
        ("commit.create", "Commit: T44 arrondir le tarif à 1.10"),
    ],
)
def test_what_icescrum_tells(code: str, title: str) -> None:
    assert told(code, examples(code)).title == title


@pytest.mark.parametrize("code", [info.code for info in EVENT_TYPES])
def test_every_event_of_icescrum_has_a_title_that_names_it(code: str) -> None:
    said = told(code, examples(code))
    assert len(said.title.split()) >= 2
    assert "{" not in said.title


def test_a_story_tells_where_it_stands() -> None:
    said = told("story.update", examples("story.update"))

    assert said.url == "https://icescrum.example/p/TRAVEL-17"
    assert dict(said.facts) == {
        "State": "Planned",
        "Feature": "Réservation",
        "Sprint": "R1 sprint 2",
        "Effort": "1.1",
        "Value": "8",
        "Tags": "booking, été",
        "Created by": "Zoë Müller",
        "Project": "Travel agency",
    }


def test_a_comment_tells_what_was_said_and_by_whom() -> None:
    said = told("story.addedComment", examples("story.addedComment"))

    assert (said.facts, said.text) == ((("By", "Anaïs Okafor"),), "Très bien, but *mind* the tariff")


@pytest.mark.parametrize(
    ("code", "data", "tone"),
    [
        ("story.state", {"name": "x", "state": 7}, "good"),
        ("story.update", {"name": "x", "state": 7}, "neutral"),
        ("acceptanceTest.state", {"name": "x", "state": 5}, "bad"),
        ("build.create", {"class": "Build", "status": "FAILURE"}, "bad"),
    ],
)
def test_what_is_done_or_has_failed_is_coloured(code: str, data: dict[str, Any], tone: str) -> None:
    assert told(code, data).tone == tone


@pytest.mark.parametrize(
    ("data", "title", "more"),
    [
        (
            github(
                action="opened",
                pull_request={
                    "number": 7,
                    "title": "Faster",
                    "html_url": "https://g.example/7",
                    "body": "Why",
                },
            ),
            "Pull request #7 Faster opened",
            ("https://g.example/7", "Why"),
        ),
        (
            github(
                action="closed",
                pull_request={
                    "number": 7,
                    "title": "Faster",
                    "merged": True,
                    "html_url": "https://g.example/7",
                },
            ),
            "Pull request #7 Faster merged",
            ("https://g.example/7", ""),
        ),
        (
            github(
                action="created",
                issue={"number": 3, "title": "Bug"},
                comment={"body": "Me too", "html_url": "https://g.example/c"},
            ),
            "Comment on issue #3 Bug",
            ("https://g.example/c", "Me too"),
        ),
        (
            github(
                action="submitted",
                pull_request={"number": 7, "title": "Faster"},
                review={"state": "changes_requested", "body": "No"},
            ),
            "Review of pull request #7 Faster: changes requested",
            ("", "No"),
        ),
        (
            github(
                action="completed",
                workflow_run={"name": "CI", "conclusion": "failure", "html_url": "https://g.example/r"},
            ),
            "Workflow run CI completed",
            ("https://g.example/r", ""),
        ),
        (
            github(
                ref="refs/heads/main",
                compare="https://g.example/cmp",
                commits=[{"message": "One\n\nmore"}, {"message": "Two"}],
            ),
            "2 commits pushed to main",
            ("https://g.example/cmp", "• One\n• Two"),
        ),
        (
            github(ref="refs/heads/old", commits=[], deleted=True),
            "old was deleted",
            ("https://github.example/acme/web", ""),
        ),
        (
            github(
                action="deleted",
                issue={"number": 7, "title": "A leak"},
                comment={"html_url": "https://github.example/acme/web/issues/7#c", "body": "Not so"},
            ),
            "Comment deleted from issue #7 A leak",
            ("https://github.example/acme/web/issues/7#c", "Not so"),
        ),
        (
            github(context="ci/build", state="error", target_url="https://ci.example/1", description="Broke"),
            "ci/build: error",
            ("https://ci.example/1", "Broke"),
        ),
        (
            {"sender": PERSON, "organization": {"login": "acme"}, "membership": {"user": {"login": "bob"}}},
            "acme: star created",
            ("", ""),
        ),
        (github(action="started"), "acme/web: star created", ("https://github.example/acme/web", "")),
    ],
)
def test_what_github_and_gitea_tell(data: dict[str, Any], title: str, more: tuple[str, str]) -> None:
    said = told("github.star.created", data)

    assert said.title == title
    assert (said.url, said.text) == more
    assert ("By", "ann") in said.facts


def test_a_failed_run_is_bad_and_says_so() -> None:
    said = told(
        "ci.x",
        github(
            action="completed", workflow_run={"name": "CI", "conclusion": "failure", "head_branch": "main"}
        ),
    )

    assert said.tone == "bad"
    assert {("Result", "failure"), ("Branch", "main")} <= set(said.facts)


@pytest.mark.parametrize(
    ("data", "title", "text"),
    [
        (
            gitlab(
                "merge_request",
                object_attributes={"iid": 4, "title": "Faster", "action": "open", "description": "Why"},
            ),
            "Merge request #4 Faster opened",
            "Why",
        ),
        (
            gitlab("push", ref="refs/heads/main", total_commits_count=7, commits=[{"title": "One"}] * 5),
            "7 commits pushed to main",
            "• One\n• One\n• One\n• One\n• One\nand 2 more",
        ),
        (gitlab("pipeline", object_attributes={"id": 9, "status": "failed"}), "Pipeline #9: failed", ""),
        (
            gitlab("note", object_attributes={"note": "Hm"}, issue={"title": "Bug"}),
            "Comment on issue Bug",
            "Hm",
        ),
    ],
)
def test_what_gitlab_tells(data: dict[str, Any], title: str, text: str) -> None:
    said = told("gitlab.x", data)

    assert (said.title, said.text) == (title, text)
    assert said.facts[:2] == (("By", "Ann"), ("Project", "acme/web"))


def test_gitlab_tells_what_changed() -> None:
    changes = {
        "title": {"previous": "Slow", "current": "Faster"},
        "updated_at": {"previous": 1, "current": 2},
    }
    said = told(
        "gitlab.issue", gitlab("issue", object_attributes={"iid": 4, "action": "update"}, changes=changes)
    )

    assert ("Title", "Slow → Faster") in said.facts
    assert len(said.facts) == 3


ZEROS = "0" * 40


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (github(ref="refs/tags/v1", commits=[], created=True), "Tag v1 was created"),
        (github(ref="refs/heads/new", commits=[], created=True), "Branch new was created"),
        (gitlab("tag_push", ref="refs/tags/v1", before=ZEROS, after="a1"), "Tag v1 was created"),
        (gitlab("push", ref="refs/heads/new", before=ZEROS, after="a1"), "Branch new was created"),
        (gitlab("push", ref="refs/heads/old", before="a1", after=ZEROS), "old was deleted"),
    ],
)
def test_a_push_without_commits_says_what_it_was(data: dict[str, Any], title: str) -> None:
    assert told("x.push", data).title == title


def test_a_pull_request_tells_from_where_to_where_and_how_much() -> None:
    pull = {
        "number": 7,
        "title": "Faster",
        "draft": True,
        "head": {"ref": "fast"},
        "base": {"ref": "main"},
        "additions": 12,
        "deletions": 3,
        "changed_files": 1,
        "requested_reviewers": [{"login": "bo"}],
        "body": "<!-- Say why -->\r\nIt was slow.\r\n\r\n\r\nNow it is not.<!-- signed",
    }
    said = told("github.pull_request.opened", github(action="opened", pull_request=pull))

    assert said.facts[2:] == (
        ("Draft", "yes"),
        ("Branch", "fast → main"),
        ("Size", "+12 −3 in 1 file"),
        ("Review by", "bo"),
    )
    assert said.text == "It was slow.\n\nNow it is not."


def test_a_new_merge_request_tells_what_it_is_and_not_its_rows() -> None:
    said = told(
        "gitlab.merge_request",
        gitlab(
            "merge_request",
            object_attributes={"action": "open", "source_branch": "fast", "target_branch": "main"},
            labels=[{"title": "API"}],
            reviewers=[{"name": "Bo"}],
            changes={
                "id": {"previous": None, "current": 99},
                "merge_status": {"previous": "a", "current": "b"},
            },
        ),
    )
    assert said.facts[2:] == (("Branch", "fast → main"), ("Labels", "API"), ("Review by", "Bo"))


def test_changes_of_lists_are_told_by_name() -> None:
    changes = {
        "labels": {"previous": [{"title": "API"}], "current": []},
        "description": {"previous": "a", "current": "b" * 500},
        "author_id": {"previous": 1, "current": 2},
    }
    attributes = {"iid": 4, "action": "update"}
    said = told("gitlab.issue", gitlab("issue", object_attributes=attributes, changes=changes))
    assert said.facts[2:] == (("Labels", "API → none"), ("Description", "changed"))


def test_an_alert_tells_since_when() -> None:
    alerts = [{"status": "firing", "startsAt": f"2026-11-23T2{n}:00:00.123Z"} for n in (2, 1)]
    said = told("alertmanager.firing", {"status": "firing", "groupLabels": {}, "alerts": alerts})
    assert said.facts == (("Since", "2026-11-23 21:00 UTC"),)


def test_an_object_within_is_told_by_its_name_and_a_time_as_people_read_it() -> None:
    order = {
        "id": 5,
        "customer": {"id": 9, "name": "Ann"},
        "paid_at": "2026-11-23T21:04:06Z",
        "address": {"x": 1},
    }
    assert told("order.paid", order).facts == (("customer", "Ann"), ("paid at", "2026-11-23 21:04 UTC"))


def test_what_alertmanager_tells() -> None:
    alerts = [
        {
            "status": "firing",
            "labels": {"instance": f"db{n}"},
            "annotations": {"summary": "disk full"},
            "generatorURL": "https://p.example/g",
        }
        for n in range(7)
    ]
    group = {
        "status": "firing",
        "groupLabels": {"alertname": "Disk"},
        "commonLabels": {"alertname": "Disk", "severity": "page"},
    }
    said = told("alertmanager.firing", group | {"alerts": alerts})

    assert said == Message(
        "Firing: Disk (7 alerts)",
        "https://p.example/g",
        (("Severity", "page"),),
        "\n".join(f"• db{n}: disk full" for n in range(5)) + "\nand 2 more",
        "bad",
    )
    assert (
        told("alertmanager.resolved", group | {"alerts": alerts[:1], "status": "resolved"}).title
        == "Resolved: Disk (1 alert)"
    )


def test_an_event_of_no_known_kind_tells_what_most_objects_have() -> None:
    order = {
        "id": 5,
        "name": "Order 5",
        "total": 9.5,
        "paid": True,
        "user": {"name": "Ann"},
        "url": "https://shop.example/5",
        "lines": [1],
    }

    assert told("order.paid", order) == Message(
        "Order paid: Order 5",
        "https://shop.example/5",
        (("by", "Ann"), ("total", "9.5"), ("paid", "yes")),
    )


def test_a_test_says_that_it_is_one() -> None:
    assert told(PING_EVENT_TYPE, b"{}").title == "Test from hookhub"


def test_everything_is_bounded() -> None:
    long = "x" * 100_000
    said = told(
        "order.paid",
        {"name": long, "body": long, "user": long, "url": "https://x.example/" + long}
        | {f"f{n}": n for n in range(100)},
    )

    assert len(said.title) <= TITLE_MAX
    assert len(said.text) <= TEXT_MAX
    assert said.url == ""
    assert len(said.facts) <= FACTS_MAX
    assert all(len(value) <= FACT_MAX for _, value in said.facts)


@pytest.mark.parametrize("code", ["story.state", "build.create", "github.push", "order"])
@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'{"name":[],"state":"x","feature":3,"tags":{},"creator":[],"user":9}',
        b'{"sender":{},"repository":{"full_name":"a/b"},"pull_request":{},"commits":[1],"ref":"x"}',
        b'{"sender":{},"repository":{"full_name":"a/b"},"issue":{"labels":[null,{"name":5}]},"comment":{},"changes":7}',
        b'{"object_kind":"push","project":{},"commits":{}}',
        b'{"object_kind":"issue","project":{},"object_attributes":[],"changes":[]}',
        b'{"alerts":[null,{}],"status":"firing","groupLabels":null,"commonLabels":[]}',
    ],
)
def test_odd_shapes_make_a_message_too(code: str, data: bytes) -> None:
    assert told(code, data).title
