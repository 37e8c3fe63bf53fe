"""The set-up page: whoever holds the one-time link makes the first administrator.

Owns `/setup`. It must never let anybody in without the link's token, nor write a password back into the page.
Step before: `hookhub serve` has printed the link. Step after: `hub.operations.first_admin` makes the user and
ends the link.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.errors import Busy, Expired, Forbidden, Refusal
from hub.operations import first_admin
from hub.rules.people import PASSWORD_MIN, name_error, password_error
from hub.services import Services
from hub.store.database import StoreUnavailable
from hub.web.body import read_form
from hub.web.origin import check_origin
from hub.web.problems import Problem, problem_of
from hub.web.rendering import Renderer

_CLOSED = {
    "wrong": Forbidden("this is not the set-up link that the hub printed last", title="Not this link"),
    "over": Expired("this set-up link has been used, or it is older than a day", title="Link used up"),
}


def routes(services: Services, renderer: Renderer) -> list[Route]:
    database = services.database

    def form(token: str, name: str = "", errors: dict[str, str] | None = None) -> Response:
        return renderer.page(
            "setup/form.html",
            422 if errors else 200,
            token=token,
            name=name,
            errors=errors or {},
            password_min=PASSWORD_MIN,
        )

    def closed(refused: Refusal | Problem) -> Response:
        problem = problem_of(refused)
        headers = {"Retry-After": str(problem.retry_after_s)} if problem.retry_after_s else None
        return renderer.page(
            "setup/closed.html", problem.status, headers, title=problem.title, detail=problem.detail
        )

    def show(token: str) -> Response:
        state = database.read(lambda: first_admin.link_state(database, token))
        return form(token) if state == "open" else closed(_CLOSED[state])

    def make(fields: dict[str, str], address: str | None) -> Response:
        token, name = fields.get("token", ""), fields.get("name", "").strip()
        state = database.read(lambda: first_admin.link_state(database, token))
        if state != "open":
            return closed(_CLOSED[state])
        errors = _errors(name, fields.get("password", ""), fields.get("repeated", ""))
        if errors:
            return form(token, name, errors)
        first_admin.redeem(database, token, name, fields["password"], address)
        return renderer.page("setup/done.html", 201, name=name)

    async def opened(request: Request) -> Response:
        try:
            return await run_in_threadpool(show, request.query_params.get("token", ""))
        except StoreUnavailable:
            return closed(_AWAY)

    async def posted(request: Request) -> Response:
        try:
            check_origin(request, services.config.base_url)
            fields = await read_form(request)
            return await run_in_threadpool(make, fields, request.client.host if request.client else None)
        except (Refusal, Problem) as refused:
            return closed(refused)
        except StoreUnavailable:
            return closed(_AWAY)

    return [Route("/setup", opened, methods=["GET"]), Route("/setup", posted, methods=["POST"])]


_AWAY = Busy(
    "the hub's database does not answer; nothing was changed, try again",
    title="Database away",
    retry_after_s=5,
)


def _errors(name: str, password: str, repeated: str) -> dict[str, str]:
    """Field → what is wrong with it, in the order of the form."""
    found = {"name": name_error(name), "password": password_error(password)}
    found["repeated"] = (
        "is not the same as the one above" if found["password"] is None and password != repeated else None
    )
    return {field: reason for field, reason in found.items() if reason}
