"""The pages' routes: every row of the table, and the files that pages need."""

from starlette.routing import BaseRoute

from hub.services import Services
from hub.web import sessions, static
from hub.web.pages import (
    account,
    apps,
    audit_log,
    broker_connections,
    delivery,
    event_types,
    events,
    guides,
    home,
    hook,
    hook_actions,
    hook_form,
    hook_previews,
    hooks,
    members,
    notices,
    overview,
    projects,
    schedules,
    server_health,
    server_settings,
    setup,
    sign_in,
    sources,
    tokens,
    users,
)
from hub.web.pages.table import Page, route
from hub.web.rendering import Renderer

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *setup.PAGES,
    *sign_in.PAGES,
    *account.PAGES,
    *notices.PAGES,
    *guides.PAGES,
    *users.PAGES,
    *broker_connections.PAGES,
    *server_settings.PAGES,
    *server_health.PAGES,
    *audit_log.PAGES,
    *projects.PAGES,
    *overview.PAGES,
    *members.PAGES,
    *hook_form.PAGES,
    *hook_previews.PAGES,
    *hooks.PAGES,
    *hook.PAGES,
    *hook_actions.PAGES,
    *delivery.PAGES,
    *events.PAGES,
    *event_types.PAGES,
    *apps.PAGES,
    *schedules.PAGES,
    *sources.PAGES,
    *tokens.PAGES,
)


def routes(services: Services, renderer: Renderer) -> list[BaseRoute]:
    return [
        *(route(page, services, renderer, sessions.visit_of) for page in PAGES),
        *static.routes(),
    ]
