"""Messages about what GitHub tells, and Gitea and Forgejo, whose payloads have the same shape.

The payload says what it is by its parts (docs.github.com, "Webhook events and payloads"), so a prefix that
somebody gave the event's type does not matter.
"""

from typing import Any

from connectors.messages.message import Message, Tone, at, count, line, listed, message

_TONES: dict[str, Tone] = {
    "success": "good",
    "failure": "bad",
    "error": "bad",
    "timed_out": "bad",
    "cancelled": "neutral",
}
_COMMENTS = {"edited": "Comment edited on", "deleted": "Comment deleted from"}
_NOUNS = {
    "pull_request": "Pull request",
    "issue": "Issue",
    "release": "Release",
    "discussion": "Discussion",
    "milestone": "Milestone",
    "workflow_run": "Workflow run",
    "check_run": "Check",
    "check_suite": "Check suite",
    "deployment_status": "Deployment",
    "alert": "Alert",
}


def describe(code: str, data: dict[str, Any]) -> Message | None:
    """A message for a payload of GitHub; None for what is none."""
    repository = at(data, "repository", "full_name")
    by = ("By", at(data, "sender", "login"))
    if not isinstance(data.get("sender"), dict):
        return None
    if not isinstance(repository, str):
        return _of_organization(code, data, by)
    about = [by, ("Repository", repository)]
    if isinstance(data.get("commits"), list) and isinstance(data.get("ref"), str):
        return _push(data, about)
    for key in _NOUNS:
        if isinstance(data.get(key), dict):
            return _thing(key, data, about)
    if isinstance(data.get("context"), str) and isinstance(data.get("state"), str):
        return _status(data, about)
    return message(f"{line(repository)}: {_words(code)}", at(data, "repository", "html_url"), about)


def _words(code: str) -> str:
    """What happened, by the event's type."""
    return " ".join(code.split(".")[1:]).replace("_", " ") or code


def _of_organization(code: str, data: dict[str, Any], by: tuple[str, Any]) -> Message | None:
    """What happens outside of repositories: to members, teams, and apps that are installed."""
    owner = at(data, "organization", "login") or at(data, "installation", "account", "login")
    if not isinstance(owner, str) or not isinstance(by[1], str):
        return None
    facts = [
        by,
        ("Member", at(data, "member", "login") or at(data, "membership", "user", "login")),
        ("Team", at(data, "team", "name")),
        ("Changed", listed(list(at(data, "changes") or {}))),
    ]
    return message(f"{line(owner)}: {_words(code)}", at(data, "team", "html_url"), facts)


def _status(data: dict[str, Any], about: list[tuple[str, Any]]) -> Message:
    """What something outside says of a commit."""
    said = str(at(data, "commit", "commit", "message") or "").split("\n")[0]
    branches = listed(data.get("branches"), "name")
    url = data.get("target_url") or at(data, "commit", "html_url")
    title = f"{line(data['context'], 100)}: {line(data['state'], 40)}"
    facts = [*about, ("Commit", said), ("Branch", branches)]
    return message(title, url, facts, data.get("description"), _TONES.get(data["state"], "neutral"))


def _push(data: dict[str, Any], about: list[tuple[str, Any]]) -> Message:
    commits = data["commits"]
    branch = line(data["ref"].removeprefix("refs/heads/").removeprefix("refs/tags/"), 80)
    what = "Tag" if data["ref"].startswith("refs/tags/") else "Branch"
    if data.get("deleted"):
        return message(f"{branch} was deleted", at(data, "repository", "html_url"), about)
    if what == "Tag" or (data.get("created") and not commits):
        url = data.get("compare") or at(data, "repository", "html_url")
        return message(f"{what} {branch} was {'created' if data.get('created') else 'moved'}", url, about)
    told = [f"• {line(str(at(one, 'message') or '').split(chr(10))[0], 100)}" for one in commits[:5]]
    more = [f"and {len(commits) - 5} more"] if len(commits) > 5 else []
    title = f"{count(len(commits), 'commit')} pushed to {branch}{' by force' if data.get('forced') else ''}"
    url = data.get("compare") or data.get("compare_url")
    return message(title, url, about, "\n".join(told + more))


def _thing(key: str, data: dict[str, Any], about: list[tuple[str, Any]]) -> Message:
    thing, review, comment = data[key], data.get("review"), data.get("comment")
    action = line(data.get("action") or at(thing, "state"), 60).replace("_", " ")
    if action == "closed" and at(thing, "merged") is True:
        action = "merged"
    if action == "synchronize":
        action = "updated"
    name = at(thing, "title") or at(thing, "name") or at(thing, "tag_name") or at(thing, "environment")
    number = at(thing, "number")
    called = f"{_NOUNS[key]} {f'#{number} ' if isinstance(number, int) else ''}{line(name, 120)}"
    result = line(at(thing, "conclusion") or at(thing, "state"), 40)

    if isinstance(comment, dict):
        title = f"{_COMMENTS.get(action, 'Comment on')} {_lowered(called)}"
        return message(title, at(comment, "html_url"), about, at(comment, "body"))
    if isinstance(review, dict):
        said = line(at(review, "state"), 40).replace("_", " ").lower()
        return message(
            f"Review of {_lowered(called)}: {said}", at(review, "html_url"), about, at(review, "body")
        )
    facts = [
        *about,
        (
            "Result",
            result if key in ("workflow_run", "check_run", "check_suite", "deployment_status") else "",
        ),
        ("Draft", at(thing, "draft") or None),
        ("Branch", _branches(thing)),
        ("Size", _size(thing)),
        ("Labels", listed(at(thing, "labels"), "name")),
        ("Assigned to", listed(at(thing, "assignees"), "login")),
        ("Review by", listed(at(thing, "requested_reviewers"), "login")),
        ("Changed", listed(list(at(data, "changes") or {}))),
    ]
    body = at(thing, "body") if data.get("action") in ("opened", "created", "published") else ""
    return message(
        f"{called.rstrip()} {action}", at(thing, "html_url"), facts, body, _TONES.get(result, "neutral")
    )


def _branches(thing: Any) -> str:
    """Where it comes from and, of a pull request, where it shall go."""
    head, base = line(at(thing, "head", "ref") or at(thing, "head_branch"), 80), at(thing, "base", "ref")
    return f"{head} → {line(base, 80)}" if head and base else head


def _size(thing: Any) -> str:
    added, removed, files = (at(thing, key) for key in ("additions", "deletions", "changed_files"))
    if not all(type(number) is int for number in (added, removed, files)):
        return ""
    return f"+{added} −{removed} in {count(files, 'file')}"


def _lowered(called: str) -> str:
    return called[:1].lower() + called[1:]
