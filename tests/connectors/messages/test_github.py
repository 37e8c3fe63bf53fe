"""What is said of GitHub's, Gitea's and Forgejo's events."""

from typing import Any

import pytest

from tests.rigs.messages import told

PERSON = {"login": "ann", "id": 1}
REPOSITORY = {"full_name": "acme/web", "html_url": "https://github.example/acme/web"}


def github(**more: Any) -> dict[str, Any]:
    return {"sender": PERSON, "repository": REPOSITORY, **more}


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
    ("data", "title"),
    [
        (github(ref="refs/tags/v1", commits=[], created=True), "Tag v1 was created"),
        (github(ref="refs/heads/new", commits=[], created=True), "Branch new was created"),
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
