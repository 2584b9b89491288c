"""The study as a state machine: which trial to start next, and how to react to a report.

An executor calls `next`, runs the attempt that it gets, and reports each step. The driver writes
every transition to the ledger before it answers. A driver can therefore be killed at any moment,
and the next one continues from the ledger. Reports of a superseded attempt are ignored, and the
attempt is told to stop.

Example: the driver is killed after the first of two epochs. The ledger holds proposed, started
(attempt 1), and epoch 1 with the decision "continue". The next driver replays these events, finds
trial 0 running, and queues it; `next` records started (attempt 2, after epoch 1). If the ledger
held epoch 2 with "finish" but no end, the driver would record the end at once and train nothing,
because the decision is part of the event.
"""

from __future__ import annotations

import contextlib
import sys
from collections import deque

from designspace.errors import DesignspaceError, InputError
from designspace.records.life_cycle import UNFINISHED, FinalStatus
from designspace.records.record_model import RecordModel
from designspace.records.study.consistency import consistent_state
from designspace.records.study.events import (
    Action,
    Decision,
    Ended,
    EpochEnded,
    Event,
    SplitRead,
    Started,
    StudyChanged,
)
from designspace.records.study.kept_files import trial_directory, trial_weights
from designspace.records.study.ledger import Ledger
from designspace.records.study.state import StudyState, Trial
from designspace.records.training import Epoch, Score
from designspace.searching.jobs import job_of, write_authored, write_trace
from designspace.searching.keeper import Keeper
from designspace.searching.proposers.proposer import Proposer, base_point, stream
from designspace.searching.proposers.repair import Candidates, proposed
from designspace.searching.request import Observer, Request
from designspace.searching.schedulers.asha import decide
from designspace.searching.trials.trainable import Failure, Job, Task

RETRIES = 1  # number of restarts of a trial after a failed attempt


class Start(RecordModel):
    """A task for a worker, after `epoch` recorded epochs; sent as JSON and validated on arrival."""

    trial: int
    attempt: int
    epoch: int
    job: Job
    task: Task = "train"


class Driver:
    """The driver of one study; the only writer of its ledger."""

    def __init__(
        self,
        request: Request,
        ledger: Ledger,
        proposer: Proposer,
        candidates: Candidates,
        observer: Observer,
    ) -> None:
        """Replay the ledger, and queue the trials that an earlier driver left unfinished."""
        self.request, self.exhausted, self.stopping = request, "", False
        self._ledger, self._observer = ledger, observer
        self._proposer, self._candidates = proposer, candidates
        self.state = consistent_state(ledger.events, ledger.path)
        self._taken = {trial.identity for trial in self.state.trials.values()}
        self._queue: deque[int] = deque()
        self._testing: int | None = None
        self._tried_again: set[int] = set()
        self._keeper = Keeper(request.directory, keep_checkpoints=request.keep_checkpoints)
        self.notes: list[str] = []
        for trial in self.state.trials.values():
            self._take_up(trial)

    def _take_up(self, trial: Trial) -> None:
        if trial.state in ("running", "interrupted") and trial.decision != "continue":
            self._end(trial, "complete" if trial.decision == "finish" else "stopped")
        elif trial.state in UNFINISHED or self._retryable(trial):
            self._queue.append(trial.number)
        else:
            self._close(trial)

    def _close(self, trial: Trial) -> None:
        """Tell the proposer and the keeper about a trial that will not be started again."""
        self._proposer.tell(trial)
        self._keeper.take_over(trial)

    def stop(self, *_: object) -> None:
        """Raise KeyboardInterrupt now and at the next call: some callbacks swallow exceptions."""
        self.stopping = True
        raise KeyboardInterrupt

    @property
    def over(self) -> bool:
        """Whether every trial is in its final state, and nothing is left to do for any."""
        return not self._wanting and not self._live and self._untested is None

    @property
    def _live(self) -> bool:
        """Whether a trial must still be trained, or its weights rebuilt."""
        live = self._queue or self.state.count(*UNFINISHED)
        return bool(live) or not self._keeper.idle

    @property
    def _wanting(self) -> bool:
        return len(self.state.trials) < self.state.wanted and not self.exhausted

    @property
    def _untested(self) -> Trial | None:
        """The winner, until the test split was read for it; None if it need not be read."""
        return to_test(self.state, self.request)

    def next(self) -> Start | None:
        """Return the next task to start; None if the remaining ones are running, or none remain."""
        if self.stopping:
            self.stop()
        if self._queue:
            return self._start(self.state.trials[self._queue.popleft()])
        if (number := self._keeper.next()) is not None:
            return self._task(self.state.trials[number], "keep")
        trial = self._propose(len(self.state.trials)) if self._wanting else None
        if trial is not None:
            return self._start(trial)
        winner = self._untested
        if winner is None or self._testing is not None or self._live:
            return None
        self._testing = winner.number
        return self._task(winner, "test")

    def _task(self, trial: Trial, task: Task) -> Start:
        if task == "keep":
            self.notes.append(f"the weights of trial {trial.number} were rebuilt")
        elif not trial_weights(self.request.directory, trial.number).exists():
            self.notes.append(
                f"trial {trial.number} had lost its weights: it was trained again for its test"
            )
        return _start_of(trial, trial.attempt, job_of(self.request, trial), task)

    def report(self, number: int, attempt: int, said: Epoch | Score | Failure) -> Decision:
        """Process the result of a step; any decision other than "continue" ends the attempt.

        Raises:
            InputError: The step failed in a way that would make every other trial fail too.
            DesignspaceError: The winner could not be tested, or weights could not be rebuilt.
            KeyboardInterrupt: `stop` was called before.
        """
        if self.stopping:
            self.stop()
        trial = self.state.trials[number]
        if number == self._testing:
            return self._test(trial, said)
        if self._keeper.rebuilds(number):
            return self._rebuilt(trial, said)
        if attempt != trial.attempt or trial.state != "running":
            return "stop"
        if isinstance(said, Failure):
            self._fail(trial, said)
            return "stop"
        assert isinstance(said, Epoch)
        return self._measure(trial, said)

    def _measure(self, trial: Trial, said: Epoch) -> Decision:
        if said.epoch <= trial.epochs:
            return "continue"
        assert said.epoch == trial.epochs + 1, f"trial {trial.number} skipped to {said.epoch}"
        number, attempt = trial.number, trial.attempt
        rules, epochs = self.request.rules, self.request.epochs
        decision = decide(rules, epochs, self.state, number, said.top1)
        self._record(EpochEnded.of(number, attempt, said, decision))
        self._notice(trial, said)
        if decision != "continue":
            self._end(trial, "complete" if decision == "finish" else "stopped")
        return decision

    def change(self, action: Action) -> None:
        """Record a change of the study as a whole: it began, was resumed, or ended."""
        self._record(StudyChanged(action=action, trials=self.request.trials))

    def interrupted(self) -> None:
        """Record that a signal stopped the study; further calls do nothing."""
        if self.state.action != "interrupted":
            self.change("interrupted")

    def _test(self, winner: Trial, said: Epoch | Score | Failure) -> Decision:
        if isinstance(said, Failure):
            self._try_again(winner, said, "the winner's test failed")
            self._testing = None
            return "stop"
        assert isinstance(said, Score)
        self._record(SplitRead(trial=winner.number, **said.model_dump()))
        self._testing = None
        self._keeper.take_over(winner)
        return "finish"

    def _rebuilt(self, trial: Trial, said: Epoch | Score | Failure) -> Decision:
        if isinstance(said, Failure):
            self._try_again(trial, said, "its weights could not be rebuilt")
            self._keeper.again(trial.number)
            return "stop"
        assert isinstance(said, Epoch)
        self._notice(trial, said)
        self._keeper.rebuilt(trial.number)
        return "finish"

    def _notice(self, trial: Trial, said: Epoch) -> None:
        if said.note:
            self._note(f"trial {trial.number}: {said.note}")

    def _note(self, text: str) -> None:
        """Keep a sentence for the outcome, and write it to standard error, that is, to the log."""
        self.notes.append(text)
        sys.stderr.write(f"{text}\n")

    def _try_again(self, trial: Trial, failure: Failure, what: str) -> None:
        """Prepare to repeat a task of a complete trial, if it lost its worker for the first time.

        Raises:
            InputError: Every other trial would fail in the same way.
            DesignspaceError: The task itself failed, or lost a second worker.
        """
        if failure.hopeless:
            raise InputError(f"trial {trial.number}: {what}: {failure.error}")
        where = write_trace(self.request.directory, trial, failure)
        if not failure.fatal or trial.number in self._tried_again:
            raise DesignspaceError(f"{where}: {what}: {failure.error}")
        self._tried_again.add(trial.number)
        self._note(f"trial {trial.number}: {what}: {failure.error}; it will be retried once")

    def _propose(self, number: int) -> Trial | None:
        asked = self._proposer.ask(number) if number else base_point(self.request.space)
        rng = stream(self.request.seed, number, "repair")
        found = self._candidates.choose(asked, self._taken, rng)
        if found is None:
            self.exhausted = self._candidates.exhausted(self._taken)
            return None
        self._taken.add(found.identity)
        name = self._proposer.name if number else "base"
        self._record(proposed(self.request.space, number, found, name))
        return self.state.trials[number]

    def _start(self, trial: Trial) -> Start:
        job = job_of(self.request, trial)
        write_authored(job)
        started = Started(trial=trial.number, attempt=trial.attempt + 1, epoch=trial.epochs)
        self._record(started)
        return _start_of(trial, started.attempt, job)

    def _fail(self, trial: Trial, failure: Failure) -> None:
        if failure.hopeless:
            where = trial_directory(self.request.directory, trial.number)
            with contextlib.suppress(InputError):  # on a full disk the error below says enough
                where = write_trace(self.request.directory, trial, failure)
            raise InputError(f"trial {trial.number}: {failure.error}", file=str(where))
        write_trace(self.request.directory, trial, failure)
        self._end(trial, "diverged" if failure.divergence else "failed", failure)

    def _retryable(self, trial: Trial) -> bool:
        return trial.state == "failed" and trial.failures <= RETRIES

    def _end(self, trial: Trial, state: FinalStatus, failure: Failure | None = None) -> None:
        self._record(
            Ended(
                trial=trial.number,
                attempt=trial.attempt,
                state=state,
                epoch=trial.epochs,
                error=failure and failure.error,
                divergence=failure and failure.divergence,
            )
        )
        if self._retryable(trial):
            self._queue.append(trial.number)
        else:
            self._close(trial)

    def _record(self, event: Event) -> None:
        self._ledger.append(event)
        self.state.apply(event)
        self._observer(event, self.state)


def _start_of(trial: Trial, attempt: int, job: Job, task: Task = "train") -> Start:
    return Start(trial=trial.number, attempt=attempt, epoch=trial.epochs, job=job, task=task)


def to_test(state: StudyState, request: Request) -> Trial | None:
    """Return the winner if the test split must be read for it; `retest` allows another reading."""
    if not request.test or state.tested:
        return None
    return state.winner if request.retest or not state.readings else None
