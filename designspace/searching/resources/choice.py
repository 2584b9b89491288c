"""The device and the GPUs of each trial, from what the user says and from what there is.

A GPU is the default where there is one, and then each trial gets a whole one. A study that goes on
keeps what it began with, unless the user says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from designspace.errors import InputError
from designspace.searching.request import Resources
from designspace.searching.resources.available import available, require_resources

_DEVICE, _GPUS = "--device", "--gpus-per-trial"


@dataclass(frozen=True, slots=True)
class Choice:
    """What each trial gets, and what the user should know about it."""

    resources: Resources
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user says about the resources of a trial; None or "auto" leaves it to us.

    Attributes:
        device: "auto", "cpu" or "cuda"; "cuda:1" with the local executor.
        gpus: A share of one GPU; 0 for none.
        cpus: CPUs of a trial.
        executor: "ray" or "local".

    Raises:
        InputError: These contradict each other.
    """

    device: str = "auto"
    gpus: float | None = None
    cpus: int | None = None
    executor: str = "ray"

    def __post_init__(self) -> None:
        _check_name(self.device)
        Resources(gpus=self.gpus or 0.0)
        if self.device == "cpu" and self.gpus:
            raise InputError(f"{_GPUS} needs a GPU, and {_DEVICE} says cpu")
        if self.device.startswith("cuda") and self.gpus == 0:
            raise InputError(f"{_DEVICE} {self.device} needs a GPU, and {_GPUS} says 0")
        if self.device.startswith("cuda:") and self.executor == "ray":
            raise InputError(
                f"Ray chooses the GPU of each trial (got {self.device})",
                path=_DEVICE,
                hint="valid: cuda, or --executor local for one GPU by number, or "
                "CUDA_VISIBLE_DEVICES for several",
            )

    def require(self) -> None:
        """Refuse a GPU that the user asks for and that is not there.

        Raises:
            InputError: There are not as many, or nobody answers at RAY_ADDRESS.
        """
        if self.gpus or self.device.startswith("cuda"):
            device = "cuda" if self.device == "auto" else self.device
            require_resources(Resources(self.cpus or 1, self.gpus or 1.0, device), self.executor)

    def choose(self, before: Resources | None = None) -> Choice:
        """What each trial gets.

        Args:
            before: What the trials of the study had so far; None for a new study.

        Raises:
            InputError: Nobody answers at RAY_ADDRESS, which decides whether there are GPUs.
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
            note = f"the trials stay on the CPU, as this study began; {_DEVICE} cuda changes that"
            return Choice(replace(before, gpus=0.0), note if unused else None)
        ray = self.executor == "ray"  # which chooses among the GPUs, whatever was named before
        device = "cuda" if ray else before.device
        return Choice(replace(before, gpus=before.gpus or 1.0, device=device))


def _check_name(device: str) -> None:
    if device not in ("auto", "cpu", "cuda"):
        from designspace.compiler.device import named_device

        named_device(device)


def _moved(before: Resources | None, device: str) -> str | None:
    """What a study's record does not say: its trials run on another device than before."""
    if before is None or before.device.partition(":")[0] == device.partition(":")[0]:
        return None
    return f"this study began on {before.device}, and its trials go on on {device}"
