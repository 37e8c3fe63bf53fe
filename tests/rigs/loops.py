"""Coroutines in tests that are none: run to their end, each on a loop and a thread of its own.

`asyncio.run` would do until the first browser test: Playwright's loop stays with the main thread for the rest
of the run.
"""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
