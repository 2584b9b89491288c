"""The device and the GPUs of each trial, from the user's options and from the available hardware.

A GPU is the default if there is one, and then each trial gets a whole GPU. A resumed study keeps
its device and share unless the user says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from designspace.errors import InputError
from designspace.searching.request import Resources
from designspace.searching.resources.available import available, require_resources

_DEVICE, _GPUS = "--device", "--gpus-per-trial"


@dataclass(frozen=True, slots=True)
class Choice:
    """The resources of each trial, and a note for the user about them."""

    resources: Resources
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The user's options for the resources of a trial; None or "auto" leaves the choice to us.

    Attributes:
        device: "auto", "cpu" or "cuda"; "cuda:1" with the local executor.
        gpus: Share of one GPU; 0 for none.
        cpus: CPUs per trial.
        executor: "ray" or "local".

    Raises:
        InputError: The options contradict each other.
    """

    device: str = "auto"
    gpus: float | None = None
    cpus: int | None = None
    executor: str = "ray"

    def __post_init__(self) -> None:
        _check_name(self.device)
        Resources(gpus=self.gpus or 0.0)
        if self.device == "cpu" and self.gpus:
            raise InputError(f"{_GPUS} needs a GPU, but {_DEVICE} is cpu")
        if self.device.startswith("cuda") and self.gpus == 0:
            raise InputError(f"{_DEVICE} {self.device} needs a GPU, but {_GPUS} is 0")
        if self.device.startswith("cuda:") and self.executor == "ray":
            raise InputError(
                f"Ray chooses the GPU of each trial (got {self.device})",
                path=_DEVICE,
                hint="valid: cuda, or --executor local for one GPU by number, or "
                "CUDA_VISIBLE_DEVICES for several",
            )

    def require(self) -> None:
        """Check that a GPU that the user asks for is available.

        Raises:
            InputError: There are not enough GPUs, or nothing answers at RAY_ADDRESS.
        """
        if self.gpus or self.device.startswith("cuda"):
            device = "cuda" if self.device == "auto" else self.device
            require_resources(Resources(self.cpus or 1, self.gpus or 1.0, device), self.executor)

    def choose(self, before: Resources | None = None) -> Choice:
        """Choose the resources of each trial.

        Args:
            before: Resources of the study's earlier trials; None for a new study.

        Raises:
            InputError: Nothing answers at RAY_ADDRESS, so it is unknown whether there are GPUs.
        """
        cpus = self.cpus or (before.cpus if before else 1)
        if self.device == "auto" and self.gpus is None and before is not None:
            return self._as_before(replace(before, cpus=cpus))
        device = self._device()
        usual = before.gpus if before and before.gpus else 1.0
        gpus = 0.0 if device == "cpu" else self.gpus or usual
        return Choice(Resources(cpus, gpus, device), _moved(before, device))

    def _device(self) -> str:
        if self.device != "auto":
            return self.device
        wanted = available(self.executor).gpus if self.gpus is None else self.gpus
        return "cuda" if wanted else "cpu"

    def _as_before(self, before: Resources) -> Choice:
        if before.device == "cpu":
            unused = available(self.executor).gpus
            note = (
                f"the trials stay on the CPU, where this study began; {_DEVICE} cuda changes that"
            )
            return Choice(replace(before, gpus=0.0), note if unused else None)
        ray = self.executor == "ray"  # Ray chooses among the GPUs, even if one was named before
        device = "cuda" if ray else before.device
        return Choice(replace(before, gpus=before.gpus or 1.0, device=device))


def _check_name(device: str) -> None:
    if device not in ("auto", "cpu", "cuda"):
        from designspace.compiler.device import named_device

        named_device(device)


def _moved(before: Resources | None, device: str) -> str | None:
    """Return a note if the trials run on another device than before, which no record shows."""
    if before is None or before.device.partition(":")[0] == device.partition(":")[0]:
        return None
    return f"this study began on {before.device}, and its trials continue on {device}"
