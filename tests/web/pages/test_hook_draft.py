"""The form of a hook, from its fields to a change and back, without a page around it."""

import pytest
from starlette.datastructures import FormData

from connectors.base import EventTypeInfo
from hub.logs import MASK
from hub.operations.hook_views import HookView
from hub.rules.changes import UNSET
from hub.store import hooks
from hub.store.hooks import Hook
from hub.web.body import Form
from hub.web.pages import hook_draft
from hub.web.pages.hook_draft import HookDraft
from tests.rigs.stage import Stage

STORY = {"story": ("story.create", "story.update")}


def typed(*fields: tuple[str, str]) -> Form:
    return FormData(fields)  # type: ignore[return-value]


def stored(stage: Stage, **fields: object) -> Hook:
    hook_id = stage.hook(**fields)
    found = stage.read(lambda: hooks.get(hook_id))
    assert found is not None
    return found


def test_what_was_typed_is_read_without_its_blanks() -> None:
    draft = hook_draft.of_form(
        typed(
            ("name", "  Ledger "),
            ("target_url", " https://x.example "),
            ("verify_ssl", "on"),
            ("event", "order.paid"),
            ("more_events", "order.*, order.paid;\n invoice.sent"),
            ("header_name", " X-A "),
            ("header_value", " kept as it is "),
            ("header_name", ""),
            ("header_value", ""),
        )
    )
    assert (draft.name, draft.target_url, draft.verify_ssl, draft.enabled) == (
        "Ledger",
        "https://x.example",
        True,
        False,
    )
    assert draft.events == ("order.paid", "order.*", "invoice.sent")
    assert (draft.header_names, draft.header_values) == (("X-A",), (" kept as it is ",))


@pytest.mark.parametrize(
    ("removed", "left"), [("0", ("B",)), ("1", ("A",)), ("7", ("A", "B")), ("x", ("A", "B"))]
)
def test_one_header_is_taken_away_by_its_place(removed: str, left: tuple[str, ...]) -> None:
    rows = [("header_name", "A"), ("header_value", "1"), ("header_name", "B"), ("header_value", "2")]
    assert hook_draft.of_form(typed(*rows, ("remove_header", removed))).header_names == left


@pytest.mark.parametrize("button", ["generate", "add_header", "remove_header"])
def test_a_button_of_the_form_saves_nothing(button: str) -> None:
    assert hook_draft.is_only_asked(typed((button, "1")))
    assert not hook_draft.is_only_asked(typed(("name", button)))


def test_nothing_secret_is_shown_again_or_printed() -> None:
    draft = HookDraft(name="kept", secret="hush", header_names=("X-A",), header_values=("hush",))
    again = draft.shown_again()
    assert (again.name, again.secret, again.header_names, again.header_values) == ("kept", "", ("X-A",), ())
    assert "hush" not in repr(draft)


def test_an_empty_value_keeps_what_is_stored_and_nothing_else(sqlite: Stage) -> None:
    draft = HookDraft(
        choice="selected", events=("a.b",), header_names=("X-A", "X-B"), header_values=("", "new")
    )
    new = hook_draft.change_of(draft, STORY)
    assert (new.headers, new.secret, new.format) == ({"X-A": "", "X-B": "new"}, UNSET, UNSET)
    kept = hook_draft.change_of(draft, STORY, stored(sqlite))
    assert kept.headers == {"X-A": MASK, "X-B": "new"}
    given = hook_draft.change_of(HookDraft(secret="mine", makes_secret=True), STORY)
    assert given.secret == "mine"
    made = hook_draft.change_of(HookDraft(makes_secret=True), STORY).secret
    assert str(made).startswith("whsec_")


def test_a_preset_stands_for_its_patterns_both_ways(sqlite: Stage) -> None:
    assert hook_draft.change_of(HookDraft(choice="story", events=("a.b",)), STORY).events == STORY["story"]
    assert hook_draft.change_of(HookDraft(choice="gone", events=("a.b",)), STORY).events == ("a.b",)
    view = HookView(stored(sqlite, events=("story.update", "story.create")), True, "https://example.com")
    assert hook_draft.of_hook(view, STORY).choice == "story"
    assert hook_draft.of_hook(view, {"all": ("*",)}).choice == "selected"


@pytest.mark.parametrize(
    ("kind", "app", "is_asked"), [("api", None, True), ("page", None, False), ("app", "zapier", False)]
)
def test_by_hand_is_a_field_of_hooks_that_api_clients_made(
    sqlite: Stage, kind: str, app: str | None, is_asked: bool
) -> None:
    hook = stored(sqlite, origin_kind=kind, origin_app=app)
    change = hook_draft.change_of(HookDraft(manual_edit=True), STORY, hook)
    assert change.manual_edit is (True if is_asked else UNSET)


@pytest.mark.parametrize(
    ("draft", "stored_names", "said"),
    [
        (HookDraft(header_names=("X-A",), header_values=("1",)), (), None),
        (HookDraft(header_names=("X-A",), header_values=("",)), (), "X-A has no value"),
        (HookDraft(header_names=("X-A",), header_values=("",)), ("x-a",), None),
        (HookDraft(header_names=("",), header_values=("1",)), ("x-a",), "a value but no name"),
    ],
)
def test_a_header_needs_its_name_and_its_value(
    draft: HookDraft, stored_names: tuple[str, ...], said: str | None
) -> None:
    errors = hook_draft.header_errors(draft, stored_names)
    assert errors == {} if said is None else said in errors["headers"]


def test_switching_verification_off_needs_a_second_tick() -> None:
    assert hook_draft.ssl_errors(HookDraft(verify_ssl=True)) == {}
    assert hook_draft.ssl_errors(HookDraft(verify_ssl=False, is_ssl_sure=True)) == {}
    assert list(hook_draft.ssl_errors(HookDraft(verify_ssl=False))) == ["verify_ssl"]


def test_types_stand_under_their_heading_and_what_has_no_checkbox_is_left_over() -> None:
    types = [
        EventTypeInfo("story.create", "", "", "Story"),
        EventTypeInfo("task.done", "", "", "Work"),
        EventTypeInfo("story.update", "", "", "Story"),
        EventTypeInfo("bug.found", "", "", "Work"),
        EventTypeInfo("hook.gone", "", "", "Hooks"),
    ]
    groups = hook_draft.groups_of(types)
    assert [(group.name, group.pattern, len(group.types)) for group in groups] == [
        ("Story", "story.*", 2),
        ("Work", None, 2),
        (hook_draft.OWN_GROUP, None, 1),
    ]
    events = ["story.*", "task.done", "task.*", "order.paid"]
    assert hook_draft.others(events, groups) == ["task.*", "order.paid"]
