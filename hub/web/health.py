"""Is it alive, is it ready: for load balancers and supervisors, without a token and without detail.

`/healthz` says that the process answers; `/readyz` that the database does and that somebody sends. Nothing here
counts or scans.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.services import Services
from hub.store import workers
from hub.store.database import StoreUnavailable


def routes(services: Services) -> list[Route]:
    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        checks = await run_in_threadpool(_checks, services)
        is_ready = all(state == "ok" for state in checks.values())
        headers = {} if is_ready else {"Retry-After": "5"}
        return JSONResponse(
            {"status": "ok" if is_ready else "unavailable", "checks": checks},
            200 if is_ready else 503,
            headers,
        )

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _checks(services: Services) -> dict[str, str]:
    try:
        alive = services.database.read(lambda: workers.alive(services.database.clock.now()))
    except StoreUnavailable:
        return {"database": "unavailable", "workers": "unknown"}
    sends_here = services.dispatcher is not None and services.dispatcher.is_alive()
    return {"database": "ok", "workers": "ok" if sends_here or alive else "none"}
