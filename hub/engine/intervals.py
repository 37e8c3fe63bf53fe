"""Jobs that run every so many seconds, for APScheduler, whatever the wall clock does.

APScheduler plans by the wall clock. After a step forward its own interval trigger lists every run that was
jumped over, with the scheduler's lock in hand. On a machine that starts in 1970 and then gets the time, that
is for ever. After a step back it waits until the clock is there again. Here a next run is planned from now,
so nothing is listed; and what lies further ahead than its interval is due at once. APScheduler sleeps by the
monotonic clock, so it looks within the shortest interval. Step after: `scheduler` adds the jobs.
"""

from datetime import datetime, timedelta

from apscheduler.job import Job
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.triggers.base import BaseTrigger


class Every(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """Fires `seconds` after it was last looked at."""

    def __init__(self, seconds: float) -> None:
        self.interval = timedelta(seconds=seconds)

    def __repr__(self) -> str:
        return f"every {self.interval.total_seconds():g} s"

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return now + self.interval


class IntervalJobs(MemoryJobStore):  # type: ignore[misc]
    """Jobs with such triggers."""

    def get_due_jobs(self, now: datetime) -> list[Job]:
        for job in self.get_all_jobs():
            if job.next_run_time > now + job.trigger.interval:  # the wall clock has stepped back
                job.next_run_time = now
                self.update_job(job)
        due: list[Job] = super().get_due_jobs(now)
        return due
