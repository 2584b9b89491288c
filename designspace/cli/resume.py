"""`designspace resume`: continue a study with its own settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from designspace.cli.input.options import (
    CpusPerTrialOption,
    DeviceOption,
    GpusPerTrialOption,
    JsonOption,
    KeepCheckpointsOption,
)


def resume(
    study: Annotated[Path, typer.Argument(help="Directory of the study.")],
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Total number of trials, including earlier ones. A higher total "
            "extends the study.",
        ),
    ] = None,
    retest: Annotated[
        bool,
        typer.Option("--retest", help="Test a new winner even if the test split was read before."),
    ] = False,
    keep_checkpoints: KeepCheckpointsOption = False,
    executor: Annotated[
        Literal["ray", "local"] | None,
        typer.Option(help="Ray Tune, or one trial at a time in this process (default: as before)."),
    ] = None,
    cpus_per_trial: CpusPerTrialOption = None,
    gpus_per_trial: GpusPerTrialOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Go on with a study: its space, recipe, data and seed are those it began with.

    So are the resources of its trials, unless options say otherwise.
    """
    from designspace.cli.search import resources, run_search
    from designspace.searching.continuing import continued
    from designspace.searching.resources import Asked

    found = continued(study)
    executor = executor or found.request.executor
    asked = Asked(device, gpus_per_trial, cpus_per_trial, executor)
    request = replace(
        found.request,
        trials=trials or found.request.trials,
        retest=retest,
        keep_checkpoints=keep_checkpoints,
        executor=executor,
        resources=resources(asked, found.request.resources),
    )
    run_search(request, found.images, as_json=as_json)
