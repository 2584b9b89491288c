"""Whether a trial fits into this machine, told before a study is created."""

from __future__ import annotations

import os

from designspace.errors import InputError
from designspace.search.request import Request


def require_resources(request: Request) -> None:
    """Refuse trials that ask for more than this machine has, where Ray is to use this machine.

    A Ray that runs already, at `RAY_ADDRESS` or in this process, knows itself what it has. The
    local executor takes as many threads as it is told.

    Raises:
        InputError: Not even one trial fits.
    """
    if request.executor != "ray" or os.environ.get("RAY_ADDRESS"):
        return
    asked = request.resources
    has = os.cpu_count() or 1
    if asked.cpus > has:
        raise InputError(
            f"a trial asks for {asked.cpus} CPUs, and this machine has {has}",
            path="--cpus-per-trial",
        )
    if asked.gpus:
        import torch

        gpus = torch.cuda.device_count()
        if asked.gpus > gpus:
            raise InputError(
                f"a trial asks for {asked.gpus:g} GPUs, and this machine has {gpus}",
                path="--gpus-per-trial",
            )
