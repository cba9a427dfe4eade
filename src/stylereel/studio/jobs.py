"""The queue of jobs: how many run, how many wait, what becomes of each; all of it survives the server."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from stylereel.studio.events import Events
from stylereel.studio.folder import new_id
from stylereel.studio.job_kind import Plan, WantedJob, kind_named
from stylereel.studio.job_process import PATIENCE_SECONDS, JobProcess, why_it_broke_off
from stylereel.studio.job_store import JobStore, Record, Wish
from stylereel.studio.models import Job, JobResult, JobState, ProgressFacts, Removed, Trouble
from stylereel.studio.problem import Problem
from stylereel.studio.settings import StudioSettings
from stylereel.studio.shelf import DAY_SECONDS, MediaShelf

AT_WORK = frozenset({"waiting", "running", "stopping"})
RESUMABLE = frozenset({"stopped", "failed"})
QUICK_AT_ONCE = 1
_log = logging.getLogger(__name__)


class JobDesk:
    """Every job of a studio. Every method may be called from any thread."""

    def __init__(
        self,
        settings: StudioSettings,
        shelf: MediaShelf,
        events: Events,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._shelf, self._events, self._clock = settings, shelf, events, clock
        self._store = JobStore(settings.folder / "jobs")
        self._lock = threading.RLock()
        self._running: dict[str, JobProcess] = {}
        self._is_open = False
        self._records = {record.job.id: record for record in self._store.load()}
        for record in self._records.values():
            self._take_up(record)
        shelf.is_in_use = self.needs

    def _take_up(self, record: Record) -> None:
        """A job that ran when the last server ended goes on; one that was being ended has ended."""
        job, wish = record.job, record.stored.wish
        if job.state not in ("running", "stopping"):
            return
        if wish in ("cancel", "stop"):
            self._end(record, "cancelled" if wish == "cancel" else "stopped")
        else:
            record.stored.is_resumed = True
            job.state, job.progress = "waiting", None
            record.stored.wish = None
            self._store.save(record)

    def open(self) -> None:
        """Begin to work."""
        with self._lock:
            self._is_open = True
            self._start_what_may()

    def close(self) -> None:
        """Interrupt what runs, so that it goes on at the next start."""
        with self._lock:
            self._is_open = False
            running = dict(self._running)
            for job_id in running:
                record = self._records[job_id]
                record.stored.wish = record.stored.wish or "wait"
        for process in running.values():
            process.stop()
        deadline = time.monotonic() + PATIENCE_SECONDS + 5
        for process in running.values():
            if not process.join(max(0.1, deadline - time.monotonic())):
                process.kill()
                process.join(5)

    def all(self) -> list[Job]:
        """Every job, the newest first."""
        with self._lock:
            records = sorted(self._records.values(), key=lambda record: -record.job.created)
            return [self._seen(record) for record in records]

    def get(self, job_id: str) -> Job:
        """One job as it is now.

        Raises:
            Problem: 404, there is none of that id.
        """
        with self._lock:
            return self._seen(self._record(job_id))

    def folder(self, job_id: str):
        """Where a job of kinds that keep their folder has put its files. Errors as `get`."""
        with self._lock:
            return self._store.folder(self._record(job_id).job.id)

    def needs(self, media_id: str) -> bool:
        """A job that has not ended needs this media."""
        with self._lock:
            return any(
                media_id in record.stored.media and record.job.state in AT_WORK
                for record in self._records.values()
            )

    def add(self, wanted: WantedJob) -> Job:
        """Queue a job.

        Raises:
            Problem: it cannot be done as asked; 429, too many wait.
        """
        plan = kind_named(wanted.kind).plan(wanted, self._shelf)
        job = Job(
            id=new_id(),
            kind=wanted.kind,
            title=plan.title,
            state="waiting",
            wanted=wanted.model_dump(mode="json"),
            created=self._clock(),
        )
        return self._queued(job, plan)

    def _queued(self, job: Job, plan: Plan) -> Job:
        with self._lock:
            self._check_room(is_quick=kind_named(job.kind).IS_QUICK)
            record = self._store.begin(job, plan, self._clock())
            self._records[job.id] = record
            self._tell(record)
            self._start_what_may()
            return self._seen(record)

    def _check_room(self, *, is_quick: bool) -> None:
        waiting = sum(record.job.state == "waiting" for record in self._records.values())
        if waiting >= self._settings.jobs_waiting:
            raise Problem(
                429,
                f"{waiting} jobs wait already, as many as this studio keeps waiting.",
                "Wait until one is done, or cancel one.",
                {"retry-after": "10" if is_quick else "60"},
            )

    def cancel(self, job_id: str) -> Job:
        """End a job for good; what it has made is removed. One that has ended stays as it is."""
        return self._ended_early(job_id, "cancel")

    def stop(self, job_id: str) -> Job:
        """Interrupt a job, keeping what can be resumed. One that has ended stays as it is."""
        return self._ended_early(job_id, "stop")

    def _ended_early(self, job_id: str, wish: Wish) -> Job:
        with self._lock:
            record = self._record(job_id)
            state: JobState = "cancelled" if wish == "cancel" else "stopped"
            if job_id in self._running:
                if record.stored.wish != "cancel":
                    record.stored.wish = wish
                record.job.state = "stopping"
                self._store.save(record)
                self._tell(record)
                self._running[job_id].stop()
            elif record.job.state == "waiting" or (wish == "cancel" and record.job.state in RESUMABLE):
                self._end(record, state)
                self._tell(record)
            return self._seen(record)

    def resume(self, job_id: str) -> Job:
        """Queue a job again that was stopped or has failed; it goes on where something was kept.

        Raises:
            Problem: 409, it cannot be resumed; 429, too many wait.
        """
        with self._lock:
            record = self._record(job_id)
            job = record.job
            if not self._can_resume(record):
                raise Problem(
                    409,
                    f"'{job.title}' is {job.state} and cannot be resumed.",
                    "Start it anew with the same settings.",
                )
            self._check_room(is_quick=kind_named(job.kind).IS_QUICK)
            job.state, job.error, job.ended, job.progress = "waiting", None, None, None
            record.stored.is_resumed, record.stored.wish = True, None
            record.stored.queued = self._clock()
            record.told_result = None
            self._store.save(record)
            self._tell(record)
            self._start_what_may()
            return self._seen(record)

    def remove(self, job_id: str) -> None:
        """Forget a job that has ended; its result stays on the shelf.

        Raises:
            Problem: 404, there is none; 409, it has not ended.
        """
        with self._lock:
            record = self._record(job_id)
            if record.job.state in AT_WORK:
                raise Problem(409, f"'{record.job.title}' has not ended.", "Cancel it first.")
            del self._records[job_id]
        self._store.remove(job_id)
        self._events.publish("removed", Removed(removed=[job_id]))

    def remove_expired(self) -> None:
        """Forget what ended long enough ago."""
        oldest = self._clock() - self._settings.keep_days * DAY_SECONDS
        for job in self.all():
            if job.ended is not None and job.ended <= oldest:
                self.remove(job.id)

    def _record(self, job_id: str) -> Record:
        found = self._records.get(job_id)
        if found is None:
            raise Problem(404, "There is no such job: it was deleted, or it expired.", "Start it anew.")
        return found

    def _seen(self, record: Record) -> Job:
        return record.job.model_copy(update={"can_resume": self._can_resume(record)}, deep=True)

    def _can_resume(self, record: Record) -> bool:
        job = record.job
        has_own = job.started is not None and getattr(kind_named(job.kind), "KEEPS_MATERIAL", False)
        return job.state in RESUMABLE and (has_own or all(map(self._shelf.has, record.stored.media)))

    def _tell(self, record: Record) -> None:
        self._events.publish("job", self._seen(record))

    def _start_what_may(self) -> None:
        """Start waiting jobs while there is room; quick ones have a place of their own."""
        while self._is_open and (record := self._next()) is not None:
            self._start(record)

    def _next(self) -> Record | None:
        waiting = [record for record in self._records.values() if record.job.state == "waiting"]
        at_work = [kind_named(self._records[job_id].job.kind).IS_QUICK for job_id in self._running]
        places = {True: QUICK_AT_ONCE, False: self._settings.jobs_at_once}
        for record in sorted(waiting, key=lambda record: (record.stored.queued, record.job.created)):
            is_quick = kind_named(record.job.kind).IS_QUICK
            if at_work.count(is_quick) < places[is_quick]:
                return record
        return None

    def _start(self, record: Record) -> None:
        job = record.job
        try:
            folder = self._store.write_order(record)
            process = JobProcess(
                folder,
                lambda kind, value: self._heard(record, kind, value),
                lambda code: self._gone(record, code),
            )
        except OSError as error:
            job.error = Trouble(
                text=f"The job cannot be started: {error.strerror or error}.",
                hint="Free memory or disk space.",
            )
            self._end(record, "failed")
            self._tell(record)
            return
        job.state, job.started = "running", self._clock()
        record.told_result = None
        self._running[job.id] = process
        self._store.save(record)
        self._tell(record)
        process.follow()

    def _heard(self, record: Record, kind: str, value: Any) -> None:
        """A line of a child."""
        with self._lock:
            job = record.job
            if kind == "progress":
                job.progress = _progress(value)
            elif kind == "notice":
                job.notices = [*job.notices, str(value)]
            elif kind == "facts":
                job.training = value.get("training", job.training)
                job.comparison = value.get("comparison", job.comparison)
            elif kind == "error":
                job.error = Trouble(**value)
            elif kind == "result":
                record.told_result = value
                return
            self._tell(record)

    def _gone(self, record: Record, code: int) -> None:
        """A child has ended."""
        state = self._outcome(record, code)
        with self._lock:
            self._running.pop(record.job.id, None)
            if state == "waiting":
                record.job.state, record.stored.is_resumed, record.stored.wish = "waiting", True, None
                record.job.progress = None
                self._store.save(record)
            else:
                self._end(record, state)
            self._tell(record)
            self._start_what_may()

    def _outcome(self, record: Record, code: int) -> JobState:
        job, told, wish = record.job, record.told_result, record.stored.wish
        if told is not None:  # then its file is whole, whatever a library does at the end
            try:
                job.result = self._kept(job, told)
                return "done"
            except (Problem, OSError, ValueError) as error:
                _log.exception("the result of a job was not kept")
                text, hint = (error.text, error.hint) if isinstance(error, Problem) else (str(error), "")
                job.error = Trouble(text=f"The result could not be kept: {text}", hint=hint)
                return "failed"
        if wish is not None:
            job.error = None
            return {"cancel": "cancelled", "stop": "stopped", "wait": "waiting"}[wish]  # type: ignore[return-value]
        if job.error is None:
            text, hint = why_it_broke_off(code)
            job.error = Trouble(text=text, hint=hint)
        return "failed"

    def _kept(self, job: Job, told: dict[str, Any]) -> JobResult:
        """The result of a child, its file moved to the shelf."""
        if "file" not in told:
            return JobResult(name=str(told.get("name", "")), bytes=int(told.get("bytes", 0)))
        file = self._store.folder(job.id) / str(told["file"])
        media = self._shelf.keep(file, told["name"], told["facts"], origin="result", job=job.id)
        return JobResult(media=media.id, name=media.name, bytes=media.bytes)

    def _end(self, record: Record, state: JobState) -> None:
        job = record.job
        job.state, job.ended, record.stored.wish = state, self._clock(), None
        if state == "done" and job.progress is not None:
            job.progress.eta_seconds = 0.0
        if state == "cancelled" or (state == "done" and not kind_named(job.kind).KEEPS_FOLDER):
            self._store.clear(job.id)
        self._store.save(record)


def _progress(told: dict[str, Any]) -> ProgressFacts:
    facts = ProgressFacts(**told)
    if facts.total:
        facts.fraction = min(1.0, facts.done / facts.total)
    return facts
