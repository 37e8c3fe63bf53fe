"""docs/roles.md, cell by cell: who may do what to a hook of which origin."""

import itertools

import pytest

from connectors.base import EditRule
from hub.rules.access import (
    ROLES,
    SCOPES,
    SWITCH_ACTIONS,
    Origin,
    Requester,
    Role,
    origin_of,
    person,
    refusal,
    sees,
    sees_bodies,
)

ACTIONS = ("view", "edit", "switch", "test", "redeliver", "delete")
ALL = set(ACTIONS)
SWITCH = set(SWITCH_ACTIONS)
LOOK = {"view", "test"}

PAGE = Origin("page")
API = Origin("api")
API_EDITABLE = Origin("api", manual_edit=True)
ZAPIER = Origin("app", "zapier", "Zapier", EditRule.SWITCH)
FULL_APP = Origin("app", "fullapp", "Full app", EditRule.FULL)
LOCKED_APP = Origin("app", "locked", "Locked app", EditRule.NONE)
ORIGINS = (PAGE, API, API_EDITABLE, ZAPIER, FULL_APP, LOCKED_APP)

BY_HAND = Requester("ann", frozenset({"publish", "subscribe", "read", "manage"}), is_person=True)
MEMBER = Requester("tom", frozenset({"read"}), is_person=True)
MANAGE = Requester("token m", frozenset({"manage"}))
ADMIN = Requester("token root", frozenset({"admin"}))
SUBSCRIBE = Requester("token s", frozenset({"subscribe"}))
READ = Requester("token r", frozenset({"read"}))
PUBLISH = Requester("token p", frozenset({"publish"}))
ZAPIER_TOKEN = Requester("token z", frozenset({"subscribe"}), app="zapier")
ZAPIER_READER = Requester("token y", frozenset({"read"}), app="zapier")


def allowed(requester: Requester, origin: Origin) -> set[str]:
    """What it may do; nothing to a hook that it does not see."""
    return (
        {action for action in ACTIONS if refusal(requester, origin, action) is None}
        if sees(requester, origin)
        else set()
    )


@pytest.mark.parametrize(
    ("requester", "expected"),
    [
        (BY_HAND, [ALL, SWITCH, ALL, SWITCH, ALL, LOOK]),
        (MANAGE, [ALL, ALL, ALL, SWITCH, ALL, LOOK]),
        (ADMIN, [ALL, ALL, ALL, SWITCH, ALL, LOOK]),
        (ZAPIER_TOKEN, [set(), set(), set(), ALL, set(), set()]),
        (SUBSCRIBE, [set(), ALL, ALL, set(), set(), set()]),
        (READ, [{"view"}] * 6),
        (MEMBER, [{"view"}] * 6),
        (ZAPIER_READER, [set(), set(), set(), {"view"}, set(), set()]),
        (PUBLISH, [set()] * 6),
    ],
    ids=lambda value: value.name if isinstance(value, Requester) else "",
)
def test_each_party_may_do_what_is_promised_to_each_origin(
    requester: Requester, expected: list[set[str]]
) -> None:
    assert [allowed(requester, origin) for origin in ORIGINS] == expected


def test_a_token_that_reads_all_and_subscribes_changes_api_hooks_only() -> None:
    requester = Requester("token", frozenset({"read", "subscribe"}))
    assert [allowed(requester, origin) for origin in ORIGINS] == [
        {"view"},
        ALL,
        ALL,
        {"view"},
        {"view"},
        {"view"},
    ]


@pytest.mark.parametrize("origin", [ZAPIER, LOCKED_APP])
def test_a_refusal_names_the_owner_and_the_way_out(origin: Origin) -> None:
    reason = str(refusal(BY_HAND, origin, "edit"))
    assert origin.app_name in reason
    assert "take it over" in reason


def test_an_apps_token_never_does_anything_to_what_is_not_its_apps() -> None:
    for size in range(len(SCOPES) + 1):
        for scopes in itertools.combinations(SCOPES, size):
            requester = Requester("token", frozenset(scopes), app="zapier")
            assert not any(sees(requester, origin) for origin in ORIGINS if origin.app != "zapier"), scopes


def test_the_origin_of_what_is_made_comes_from_the_credential() -> None:
    assert origin_of(BY_HAND) == "page"
    assert origin_of(MANAGE) == origin_of(SUBSCRIBE) == "api"
    assert origin_of(ZAPIER_TOKEN) == "app"


def test_admin_holds_every_scope_and_nobody_else_holds_more_than_given() -> None:
    assert all(ADMIN.has(scope) for scope in SCOPES)
    assert not READ.has("manage", "publish")
    assert READ.has("manage", "read")
    assert len(ROLES) == 4


@pytest.mark.parametrize(
    ("role", "is_admin", "manages", "looks", "bodies"),
    [
        ("product_owner", False, True, True, True),
        ("scrum_master", False, True, True, True),
        ("team_member", False, False, True, False),
        ("stakeholder", False, False, False, False),
        (None, False, False, False, False),
        (None, True, True, True, True),
    ],
)
def test_a_persons_role_says_what_they_may_do_by_hand(
    role: Role | None, is_admin: bool, manages: bool, looks: bool, bodies: bool
) -> None:
    ann = person("ann", role, is_admin=is_admin, project_id=7)
    assert (ann.has("manage"), ann.has("read"), sees_bodies(ann)) == (manages, looks, bodies)
    assert ann.is_person
    assert all(sees(ann, origin) == looks for origin in ORIGINS)
    assert (refusal(ann, PAGE, "edit") is None) == manages
    assert refusal(ann, ZAPIER, "edit") is not None, "an app's hook stays the app's, whatever the role"


def test_a_tokens_read_has_bodies() -> None:
    assert sees_bodies(READ)
