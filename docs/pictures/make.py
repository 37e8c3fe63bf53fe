"""Makes the pictures of the README and the docs: `make pictures`.

Starts a hub on data that are thrown away, with receivers that answer well, badly and not always, publishes
to it, signs in with a browser and takes what it shows.
"""

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
HUB = "http://127.0.0.1:8799"
NAME, PASSWORD = "mia", "correct horse battery"
HOOKHUB = Path(sys.executable).with_name("hookhub")
HOOKS = (
    ("Bookings to the ledger", "broken/in", ["story.*", "task.*"]),
    ("CI bridge", "flaky/jobs", ["story.update"]),
    ("Stories to the team", "ok/chat", ["story.create", "story.update", "story.delete", "story.state"]),
    ("Warehouse", "ok/all", ["*"]),
)
STORIES = ("Hébergement", "Night train", "Refund within a day", "Seat map", "Loyalty points")
TYPES = ("story.create", "story.update", "story.state", "task.update")
ROUNDS = 12


class Answer(BaseHTTPRequestHandler):
    """By its path a receiver is broken, flaky or well."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        time.sleep(random.uniform(0.005, 0.12))
        is_flaky = "flaky" in self.path and random.random() < 0.3
        self.send_response(500 if "broken" in self.path else 503 if is_flaky else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        pass


class Receiver(ThreadingHTTPServer):
    request_queue_size = 128  # more at once than five would wait a second for their connection


@contextmanager
def hub(data: str) -> Iterator[None]:
    os.environ |= {
        "HUB_DATA_DIR": data,
        "HUB_OUTBOUND_ALLOW": "127.0.0.0/8",
        "HUB_ADMIN_USERNAME": NAME,
        "HUB_ADMIN_PASSWORD": PASSWORD,
    }
    command = [str(HOOKHUB), "serve", "--port", HUB.rpartition(":")[2]]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        for _ in range(200):
            try:
                if requests.get(f"{HUB}/readyz", timeout=5).ok:
                    break
            except requests.ConnectionError:
                pass
            time.sleep(0.1)
        yield
        process.terminate()


def run(*words: str) -> str:
    return subprocess.run([HOOKHUB, *words], check=True, capture_output=True, text=True).stdout.strip()


def fill(receiver: str) -> str:
    """A project with hooks and events; gives the id of the hook that is broken."""
    run("project", "create", "TRAVEL", "--name", "Travel")
    run("settings", "set", "retry_schedule_s", "1, 2, 5")
    scopes = [word for scope in ("publish", "manage", "read") for word in ("--scope", scope)]
    ours = {"Authorization": "Bearer " + run("token", "create", "--project", "TRAVEL", *scopes)}
    zap = {
        "Authorization": "Bearer "
        + run("token", "create", "--project", "TRAVEL", "--app", "zapier", "--scope", "subscribe")
    }
    wanted = [(ours, name, path, events) for name, path, events in HOOKS]
    made = []
    for headers, name, path, events in [*wanted, (zap, "", "ok/hooks/catch/91", ["story.create"])]:
        body = {"name": name, "target_url": f"{receiver}/{path}", "events": events}
        answer = requests.post(f"{HUB}/api/v1/hooks", json=body, headers=headers, timeout=10)
        answer.raise_for_status()
        made.append(answer.json()["id"])
    for n in range(ROUNDS):
        batch = [
            {"type": random.choice(TYPES), "data": {"id": 10 * n + m, "name": random.choice(STORIES)}}
            for m in range(6)
        ]
        requests.post(f"{HUB}/api/v1/events", json=batch, headers=ours, timeout=10).raise_for_status()
        time.sleep(1)
    return made[0]


def take(hook_id: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 760})
        page.goto(f"{HUB}/sign-in")
        page.fill("#name", NAME)
        page.fill("#password", PASSWORD)
        page.click("button.primary")
        project = f"{HUB}/projects/TRAVEL"
        for picture, path in (("home", ""), ("hooks", "/hooks"), ("hook", f"/hooks/{hook_id}")):
            page.goto(project + path)
            page.screenshot(path=HERE / f"{picture}.png")
        browser.close()


def main() -> None:
    random.seed(7)
    receiver = Receiver(("127.0.0.1", 0), Answer)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as data, hub(data):
        take(fill(f"http://127.0.0.1:{receiver.server_port}"))


if __name__ == "__main__":
    main()
