"""What the way in costs: `python bench/intake.py [events] [database url]`.

Publishers in threads of this process hand events to the intake and wait for the commit, as the API does.
Prints accepted events a second by the number of publishers; the ratio to one publisher is what group commit
brings. Nothing is sent meanwhile.
"""

import sys
import threading
import time

from stage import Stage, stage

from hub.rules.payload import read_one_or_many

BODY = b'{"type":"story.update","data":{"class":"Story","id":23,"name":"' + b"x" * 900 + b'"}}'


def rate(on: Stage, publishers: int, total: int) -> float:
    def publish() -> None:
        for _ in range(total // publishers):
            published, _ = read_one_or_many(BODY, 1_048_576)
            on.hub.services.intake.accept(on.project_id, published, remembers_types=True).result()

    threads = [threading.Thread(target=publish) for _ in range(publishers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return total / (time.perf_counter() - began)


def main() -> None:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    url = sys.argv[2] if len(sys.argv) > 2 else None
    with stage(url) as on:
        on.add_hooks("http://127.0.0.1:40009/", ["story.*"])
        alone = rate(on, 1, total // 4)
        print("publishers  events/s  ratio to one")
        for publishers in (1, 8, 32):
            found = rate(on, publishers, total)
            print(f"{publishers:10d} {found:9.0f} {found / alone:13.2f}")


if __name__ == "__main__":
    main()
