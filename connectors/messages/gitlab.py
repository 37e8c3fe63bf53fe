"""Messages about what GitLab tells.

Its payloads name their kind in `object_kind` (docs.gitlab.com, "Webhook events"); what changed stands in
`changes` as the value before and after.
"""

from typing import Any

from connectors.messages.message import Message, Tone, at, count, line, listed, message

_TONES: dict[str, Tone] = {"success": "good", "failed": "bad", "canceled": "neutral"}
_PAST = {"open": "opened", "close": "closed", "reopen": "reopened", "merge": "merged", "update": "updated"}
_NOUNS = {
    "issue": "Issue",
    "work_item": "Work item",
    "merge_request": "Merge request",
    "wiki_page": "Wiki page",
    "release": "Release",
    "deployment": "Deployment",
    "milestone": "Milestone",
    "feature_flag": "Feature flag",
}


def describe(code: str, data: dict[str, Any]) -> Message | None:
    """A message for a payload of GitLab; None for what is none."""
    kind = data.get("object_kind")
    if not isinstance(kind, str) or not isinstance(data.get("project"), dict):
        return None
    person = at(data, "user", "name") or data.get("user_name") or at(data, "user", "username")
    about = [("By", person), ("Project", at(data, "project", "path_with_namespace"))]
    if kind in ("push", "tag_push"):
        return _push(data, about)
    if kind in ("pipeline", "build"):
        return _pipeline(kind, data, about)
    if kind == "note":
        return _note(data, about)
    return _thing(kind, data, about)


def _push(data: dict[str, Any], about: list[tuple[str, Any]]) -> Message:
    found = data.get("commits")
    commits = found if isinstance(found, list) else []
    total = data.get("total_commits_count")
    number = total if isinstance(total, int) else len(commits)
    branch = line(data.get("ref"), 100).removeprefix("refs/heads/").removeprefix("refs/tags/")
    told = [f"• {line(at(one, 'title') or at(one, 'message'), 100)}" for one in commits[:5]]
    more = [f"and {number - 5} more"] if number > 5 else []
    url = at(data, "project", "web_url")
    if _is_nothing(data.get("after")):
        return message(f"{branch} was deleted", url, about)
    if line(data.get("ref")).startswith("refs/tags/"):
        return message(
            f"Tag {branch} was {'created' if _is_nothing(data.get('before')) else 'moved'}", url, about
        )
    if number == 0 and _is_nothing(data.get("before")):
        return message(f"Branch {branch} was created", url, about)
    return message(f"{count(number, 'commit')} pushed to {branch}", url, about, "\n".join(told + more))


def _pipeline(kind: str, data: dict[str, Any], about: list[tuple[str, Any]]) -> Message:
    of = data if kind == "build" else data.get("object_attributes")
    status = line(data.get("build_status") or at(of, "status"), 40)
    called = (
        f"Job {line(data.get('build_name'), 80)}" if kind == "build" else f"Pipeline #{line(at(of, 'id'))}"
    )
    facts = [*about, ("Branch", at(of, "ref")), ("Failed because", data.get("build_failure_reason"))]
    return message(f"{called}: {status}", at(of, "url"), facts, tone=_TONES.get(status, "neutral"))


def _note(data: dict[str, Any], about: list[tuple[str, Any]]) -> Message:
    note = data.get("object_attributes")
    for key in ("merge_request", "issue", "commit", "snippet"):
        if isinstance(data.get(key), dict):
            on = f"{key.replace('_', ' ')} {line(at(data, key, 'title') or at(data, key, 'id'), 100)}"
            return message(f"Comment on {on}", at(note, "url"), about, at(note, "note"))
    return message("Comment", at(note, "url"), about, at(note, "note"))


def _thing(kind: str, data: dict[str, Any], about: list[tuple[str, Any]]) -> Message:
    thing = data.get("object_attributes") or data
    action = line(at(thing, "action") or at(thing, "status") or at(thing, "state"), 40)
    number, name = at(thing, "iid"), at(thing, "title") or at(thing, "name") or at(thing, "tag")
    noun = _NOUNS.get(kind) or kind.replace("_", " ").capitalize()
    title = (
        f"{noun} {f'#{number} ' if isinstance(number, int) else ''}{line(name, 120)} "
        f"{_PAST.get(action, action)}"
    )
    if action == "open":  # its `changes` hold everything, from nothing to what it is
        more = [
            ("Draft", at(thing, "draft") or None),
            ("Branch", _branches(thing)),
            ("Labels", _said(data.get("labels"))),
            ("Assigned to", _said(data.get("assignees"))),
            ("Review by", _said(data.get("reviewers"))),
        ]
        return message(title, at(thing, "url"), [*about, *more], at(thing, "description"))
    return message(title, at(thing, "url"), [*about, *_changed(data.get("changes"))])


def _changed(changes: Any) -> list[tuple[str, str]]:
    """What people changed, before and after; numbers of rows and times of changing say nothing to them."""
    found = []
    for key, one in changes.items() if isinstance(changes, dict) else ():
        before, after = _said(at(one, "previous")), _said(at(one, "current"))
        if key.endswith(("_id", "_at")) or key in ("id", "iid") or before == after:
            continue
        told = "changed" if key == "description" else f"{before or 'none'} → {after or 'none'}"
        found.append((line(key.replace("_", " ").capitalize(), 30), told))
    return found


def _said(value: Any) -> str:
    """A value, or the names of those in a list."""
    return listed(value, "title") or listed(value, "name") if isinstance(value, list) else line(value, 60)


def _branches(thing: Any) -> str:
    source, target = line(at(thing, "source_branch"), 80), line(at(thing, "target_branch"), 80)
    return f"{source} → {target}" if source and target else source


def _is_nothing(commit: Any) -> bool:
    """Git writes only zeros for a commit that is not there."""
    return isinstance(commit, str) and bool(commit) and not commit.strip("0")
