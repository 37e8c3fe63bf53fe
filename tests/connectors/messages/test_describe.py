"""Messages: what is said of events of each kind that we know, and of those that we do not."""

from typing import Any

import pytest

from connectors.base import PING_EVENT_TYPE
from connectors.icescrum.catalogue import EVENT_TYPES, examples
from connectors.messages.message import FACT_MAX, FACTS_MAX, TEXT_MAX, TITLE_MAX, Message
from tests.rigs.messages import told


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


@pytest.mark.parametrize(
    ("code", "data", "message"),
    [
        (
            "jira.issue_updated",
            {
                "webhookEvent": "jira:issue_updated",
                "user": {"displayName": "Ann"},
                "issue": {"key": "AB-1", "fields": {"summary": "Fix login", "status": {"name": "Done"}}},
            },
            Message("Jira issue updated: AB-1 Fix login", "", (("by", "Ann"), ("status", "Done"))),
        ),
        (
            "sentry.issue.created",
            {
                "action": "created",
                "actor": {"name": "Sentry"},
                "data": {
                    "issue": {"id": "1", "title": "TypeError", "level": "error", "web_url": "https://s.io/1"}
                },
            },
            Message(
                "Sentry issue created: TypeError", "https://s.io/1", (("by", "Sentry"), ("level", "error"))
            ),
        ),
        (
            "bitbucket.repo.push",
            {
                "actor": {"display_name": "Ann", "links": {"html": {"href": "https://b.org/ann"}}},
                "repository": {
                    "full_name": "acme/web",
                    "links": {"html": {"href": "https://b.org/acme/web"}},
                },
            },
            Message("Bitbucket repo push: acme/web", "https://b.org/acme/web", (("by", "Ann"),)),
        ),
        (
            "stripe.charge.succeeded",
            {"id": "evt_1", "object": "event", "data": {"object": {"id": "ch_1", "amount": 2000}}},
            Message("Stripe charge succeeded: ch_1", "", (("amount", "2000"),)),
        ),
        (
            "order.paid",
            {"id": 5, "status": "paid", "grade": "d", "customer": {"name": "Ann"}},
            Message("Order paid: 5", "", (("grade", "d"), ("customer", "Ann"))),
        ),
    ],
)
def test_what_an_event_is_about_is_looked_for_within(
    code: str, data: dict[str, Any], message: Message
) -> None:
    assert told(code, data) == message


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


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (gitlab("tag_push", ref="refs/tags/v1", before=ZEROS, after="a1"), "Tag v1 was created"),
        (gitlab("push", ref="refs/heads/new", before=ZEROS, after="a1"), "Branch new was created"),
        (gitlab("push", ref="refs/heads/old", before="a1", after=ZEROS), "old was deleted"),
    ],
)
def test_a_push_without_commits_to_gitlab_says_what_it_was(data: dict[str, Any], title: str) -> None:
    assert told("x.push", data).title == title
