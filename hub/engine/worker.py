"""Which process has leased what: the names of workers, and whether one is known to be dead.

Owns how an owner is named: host, process id, a mark of this start, a mark of the worker. Step after: a lease
bears the name (`store.leases`), and `store.rescue` asks whether its bearer still lives.
"""

import os

PROCESS = f"{os.uname().nodename}/{os.getpid()}/{os.urandom(4).hex()}"
"""Names this process among all that ever were: a process id alone is given out again."""


def new_name() -> str:
    """The name of one more worker in this process."""
    return f"{PROCESS}/{os.urandom(4).hex()}"


def is_known_dead(name: str) -> bool:
    """True when the worker's process was on this machine and has ended: its leases need not run out.

    False where that cannot be known: of another machine, or another container on the same volume, which has
    process ids of its own.
    """
    host, pid, mark = name.split("/")[:3]
    if f"{host}/{pid}/{mark}" == PROCESS or host != os.uname().nodename:
        return False
    if int(pid) == os.getpid():  # another start had our process id before
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
