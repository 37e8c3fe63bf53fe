"""What the way out costs, from the queue to the recorded outcome: `python bench/dispatch.py [deliveries]
[database url]`.

Prints deliveries a second and CPU for each, by the number of hooks that share them; the ratio to one hook
says what fairness and batches bring. Figures of other machines are no target: compare two versions in turn on
one.
"""

import json
import sys
import time

from stage import Receiver, stage


def main() -> None:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    url = sys.argv[2] if len(sys.argv) > 2 else None
    first_rate = 0.0
    print("hooks  deliveries/s  CPU us each  ratio to one hook")
    for count in (1, 5, 25):
        receiver = Receiver()
        with stage(url) as on:
            ids = on.add_hooks(receiver.url, ["*"], count)
            data = json.dumps(
                {"class": "Story", "id": 23, "name": "x" * 700, "sent_at": time.time()}
            ).encode()
            on.fill("story.update", ids, total // count, data)
            wall, cpu = time.perf_counter(), time.process_time()
            on.hub.start()
            on.drain()
            seconds, used = time.perf_counter() - wall, time.process_time() - cpu
        receiver.close()
        rate = total / seconds
        first_rate = first_rate or rate
        print(f"{count:5d} {rate:13.0f} {used / total * 1e6:12.0f} {rate / first_rate:18.2f}")


if __name__ == "__main__":
    main()
