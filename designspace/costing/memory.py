"""How much memory a training step takes, from what each layer keeps for its backward pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from designspace.costing.memory_reading import SINGLE, MemoryReading, Step
from designspace.costing.table import plan_of
from designspace.layers.saved_tensors import Precision
from designspace.naming import task_of
from designspace.spec.network.load import Source

_MOMENTS = 2  # of AdamW


@dataclass(frozen=True, slots=True)
class Holding:
    """Memory by what it is for, in bytes.

    Attributes:
        parameters: In float32.
        gradients: Of the parameters, in float32.
        optimizer: AdamW's two moments.
        activations: What the layers keep for the backward pass.
        workspace: Gradients at a layer's two ends, or the optimizer's temporary values.
    """

    parameters: int
    gradients: int
    optimizer: int
    activations: int
    workspace: int

    @property
    def total(self) -> int:
        """The sum."""
        return self.parameters + self.gradients + self.optimizer + self.activations + self.workspace


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of a training step with AdamW.

    Attributes:
        batch_size: Images.
        precision: `float32`, or `bf16` for automatic mixed precision.
        most: The most that each purpose takes at any moment; the moments differ.
        at_peak: What they take together when they take most: gradients come as activations go.
    """

    batch_size: int
    precision: Precision
    most: Holding
    at_peak: Holding

    @property
    def peak(self) -> int:
        """Bytes at the peak."""
        return self.at_peak.total


def memory(
    spec: Source,
    input_size: int | None = None,
    *,
    batch_size: int,
    precision: Precision = "float32",
    in_channels: int | None = None,
    num_classes: int | None = None,
) -> Memory:
    """An estimate of a training step's memory: forward, backward, AdamW.

    Counted in whole: what autograd keeps on a GPU with fused attention, each tensor once however
    many layers keep it, with the casts of automatic mixed precision. Left out: the allocator's
    rounding and fragments, the workspace of kernels, buffers, and all outside the step (the CUDA
    context, the data loader, a moving average). `benchmarks/memory.py` measures how far it is from
    torch; benchmarks/records/memory.json has the result.

    Args:
        spec: Any name of a network (see `designspace.load`), plain data or a network.
        input_size: Side of the image in pixels; by default as the named network was trained, else
            the network's nominal one.
        batch_size: Images a step.
        precision: `float32`, or `bf16` for automatic mixed precision on float32 parameters.
        in_channels: Channels of the image; as trained, else 3.
        num_classes: Number of classes; as trained, else 1000.

    Raises:
        InputError: The specification is wrong, or the input too small for its strides.
    """
    node = plan_of(task_of(spec, num_classes, in_channels, input_size))
    reading = MemoryReading(SINGLE if precision == "float32" else 2)
    logits = reading.run(node, reading.tensor(node.inputs[0], SINGLE))
    loss = logits.feature.elements * SINGLE  # the logarithms of the probabilities
    steps = [*reading.steps, Step(0, loss, 0, 2 * loss)]
    moments = list(_moments(steps, batch_size))
    at_peak = max(moments, key=lambda moment: moment.total)
    names = ("parameters", "gradients", "optimizer", "activations", "workspace")
    most = Holding(*(max(getattr(moment, name) for moment in moments) for name in names))
    return Memory(batch_size, precision, most, at_peak)


def _moments(steps: Sequence[Step], batch_size: int) -> Iterator[Holding]:
    """What is held at each layer on the way back, and while the optimizer steps."""
    parameters = sum(step.params for step in steps)
    kept = accumulate(step.batch + step.image * batch_size for step in steps)
    arrived = 0
    for step, activations in reversed(list(zip(steps, kept, strict=True))):
        arrived += step.params
        workspace = step.gradients * batch_size
        yield Holding(parameters, arrived, _MOMENTS * parameters, activations, workspace)
    # the many-tensor form that torch takes on a GPU holds the roots of all second moments at once
    yield Holding(parameters, parameters, _MOMENTS * parameters, 0, parameters)
