"""The run of a study: create it, resume it, extend it, or find that it is complete."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from designspace.errors import InputError
from designspace.records.places import require_study_place
from designspace.records.study.events import Action, Event
from designspace.records.study.kept_files import lacks_weights
from designspace.records.study.ledger import Ledger
from designspace.records.study.state import StudyState
from designspace.records.study.study import (
    LEDGER,
    LOG,
    META,
    StudyMeta,
    load_meta,
    load_state,
    write_meta,
)
from designspace.records.study.trial_record import Recorder
from designspace.searching.driver import Driver, to_test
from designspace.searching.identity import check_same, describe
from designspace.searching.nothing_fits import sizes_blamed
from designspace.searching.proposers.pool import Pool, pool_of
from designspace.searching.proposers.proposer import Proposer, base_point, stream
from designspace.searching.proposers.repair import Candidates
from designspace.searching.ray_session.quiet import redirected
from designspace.searching.ray_session.ray_settings import prepare
from designspace.searching.request import Observer, Outcome, Request, silent
from designspace.searching.resources import require_resources
from designspace.searching.shippable import require_shippable
from designspace.spec.documents.document import writing
from designspace.stopping import stoppable, unbroken_pipes


def run_study(request: Request, observer: Observer = silent) -> Outcome:
    """Run a study to its end, or until a signal stops it.

    While the study runs, the standard output and error of the process go to the study's log. An
    observer that draws does so on `quiet.terminal()`, opened before.

    Raises:
        InputError: The directory holds another study, another process runs it, a trial asks for
            more than this machine has, or nothing answers at RAY_ADDRESS.
        InfeasibleError: No network of the space is within its limits; nothing was written.
    """
    old = _existing(request)
    if old is not None and (state := _completed(request, old)) is not None:
        return Outcome(request.directory, state, idle=True, exhausted=_missing(state))
    require_resources(request.resources, request.executor)
    if request.executor == "ray":
        require_shippable(request.space)
    with sizes_blamed(request):
        pool = pool_of(request)
        if old is None and pool is None:
            _require_feasible(request)
    return _run(request, pool, observer)


def _existing(request: Request) -> StudyMeta | None:
    directory = request.directory
    if not (directory / META).exists():
        _require_free(directory)
        return None
    old = load_meta(directory)
    check_same(directory, old, describe(request))
    return old


def _require_free(directory: Path) -> None:
    """Check that a directory without a study is empty, except for leftovers of a crash."""
    require_study_place(directory)
    holds = sorted(path.name for path in directory.glob("[!.]*") if path.stat().st_size)
    if holds:
        raise InputError(
            f"the directory holds {holds[0]} but no study",
            file=str(directory),
            hint="use an empty or a new directory",
        )


def _require_feasible(request: Request) -> None:
    candidates = Candidates(request.space, request.cost)
    rng = stream(request.seed, 0, "repair")
    if candidates.choose(base_point(request.space), set(), rng) is None:
        raise candidates.refuse()


def _completed(request: Request, old: StudyMeta) -> StudyState | None:
    state = load_state(request.directory)
    complete = state.complete and state.wanted == request.trials == old.trials
    return state if complete and not _left_to_do(state, request) else None


def _left_to_do(state: StudyState, request: Request) -> bool:
    """Return whether a complete study lacks rebuildable weights, or a test that is asked for."""
    trials = state.trials.values()
    lacking = any(lacks_weights(request.directory, trial) for trial in trials)
    return lacking or to_test(state, request) is not None


def _missing(state: StudyState) -> str | None:
    short = state.wanted - len(state.trials)
    return f"no new network is left for {short} of {state.wanted} trials" if short else None


def _run(request: Request, pool: Pool | None, observer: Observer) -> Outcome:
    with writing(request.directory):
        request.directory.mkdir(parents=True, exist_ok=True)
    with Ledger(request.directory / LEDGER) as ledger:
        old = _existing(request)  # check again: another process may have taken the lock first
        meta = old or describe(request)
        if old is None or old.trials != request.trials:
            write_meta(request.directory, meta.model_copy(update={"trials": request.trials}))
        candidates = Candidates(request.space, request.cost, pool)
        recorder = Recorder(request.directory, meta)
        observers = _both(recorder, observer)
        driver = Driver(request, ledger, _proposer(request, pool), candidates, observers)
        recorder.catch_up(ledger.events, driver.state)
        driver.change(_action(driver, request))
        interrupted = not _executed(driver, request)
        if interrupted:
            driver.interrupted()
        else:
            driver.change("completed")
        missing = None if interrupted else driver.exhausted
        return Outcome(
            request.directory,
            driver.state,
            interrupted,
            exhausted=missing or None,
            notes=tuple(driver.notes),
        )


def _both(first: Observer, second: Observer) -> Observer:
    def observe(event: Event, state: StudyState) -> None:
        first(event, state)
        second(event, state)

    return observe


def _executed(driver: Driver, request: Request) -> bool:
    """Run the executor; return whether it reached the end of the study."""
    try:
        log = request.directory / LOG
        with stoppable(driver.stop), unbroken_pipes(), redirected(log):
            _executor(request)(driver)
    except KeyboardInterrupt:
        return False
    assert driver.over
    return True


def _action(driver: Driver, request: Request) -> Action:
    if driver.state.action is None:
        return "created"
    return "extended" if driver.state.wanted < request.trials else "resumed"


def _executor(request: Request) -> Callable[[Driver], None]:
    if request.executor == "local":
        from designspace.searching.executors.local import execute
    else:
        prepare()
        from designspace.searching.executors.execute import execute
    return execute


def _proposer(request: Request, pool: Pool | None) -> Proposer:
    if request.proposer == "random":
        from designspace.searching.proposers.uniform import RandomProposer

        return RandomProposer(request.space, request.seed, pool)
    from designspace.searching.proposers.tpe import OptunaProposer

    return OptunaProposer(request.space, request.seed)
