"""An estimate of a training step's memory, from what each layer keeps for its backward pass.

On the way forward the layers add the tensors that they keep (`memory_reading`). On the way back
each layer adds the gradients of its parameters and then releases its tensors. Memory is therefore
evaluated at each layer of the backward pass, and once more while the optimizer steps; the largest
sum is the peak. For example, if two layers keep 6 and 2 bytes and have 1 and 3 bytes of parameters,
then the backward pass holds 8 bytes of activations and 3 of gradients at the second layer, and 6
and 4 at the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from designspace.costing.memory_reading import SINGLE, MemoryReading, Step
from designspace.costing.table import plan_of
from designspace.layers.saved_tensors import Precision
from designspace.naming import task_of
from designspace.spec.network.load import Source

_MOMENTS = 2  # running averages that AdamW keeps per parameter


@dataclass(frozen=True, slots=True)
class Holding:
    """Memory by purpose, in bytes.

    Attributes:
        parameters: Parameters in float32.
        gradients: Gradients of the parameters in float32.
        optimizer: The two moments of AdamW.
        activations: Tensors that the layers keep for the backward pass.
        workspace: Gradients at a layer's input and output, or the optimizer's temporary values.
    """

    parameters: int
    gradients: int
    optimizer: int
    activations: int
    workspace: int

    @property
    def total(self) -> int:
        """The sum over all purposes, in bytes."""
        return self.parameters + self.gradients + self.optimizer + self.activations + self.workspace


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of a training step with AdamW, in bytes.

    Attributes:
        batch_size: Number of images.
        precision: `float32`, or `bf16` for automatic mixed precision.
        most: Maximum of each purpose over the step; the maxima occur at different moments.
        at_peak: Memory at the moment when the sum is largest; gradients grow while activations
            shrink.
    """

    batch_size: int
    precision: Precision
    most: Holding
    at_peak: Holding

    @property
    def peak(self) -> int:
        """Memory at the peak, in bytes."""
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
    """Estimate the memory of a training step: forward, backward, AdamW.

    The estimate contains all tensors that autograd keeps on a GPU with fused attention, with the
    casts of automatic mixed precision; a tensor that several layers keep counts once. It leaves out
    the allocator's rounding and fragments, the workspace of kernels, buffers, and everything
    outside the step (the CUDA context, the data loader, a moving average). `benchmarks/memory.py`
    measures its deviation from torch; benchmarks/records/memory.json has the result.

    Args:
        spec: Any name of a network (see `designspace.load`), plain data or a network.
        input_size: Side of the image in pixels; by default the one with which the named network was
            trained, else the network's nominal one.
        batch_size: Number of images per step.
        precision: `float32`, or `bf16` for automatic mixed precision on float32 parameters.
        in_channels: Number of channels of the image; by default as trained, else 3.
        num_classes: Number of classes; by default as trained, else 1000.

    Raises:
        InputError: The specification is wrong, or the input is too small for its strides.
    """
    node = plan_of(task_of(spec, num_classes, in_channels, input_size))
    reading = MemoryReading(SINGLE if precision == "float32" else 2)
    logits = reading.run(node, reading.tensor(node.inputs[0], SINGLE))
    loss = logits.feature.elements * SINGLE  # for the logarithms of the probabilities
    steps = [*reading.steps, Step(0, loss, 0, 2 * loss)]
    moments = list(_moments(steps, batch_size))
    at_peak = max(moments, key=lambda moment: moment.total)
    names = ("parameters", "gradients", "optimizer", "activations", "workspace")
    most = Holding(*(max(getattr(moment, name) for moment in moments) for name in names))
    return Memory(batch_size, precision, most, at_peak)


def _moments(steps: Sequence[Step], batch_size: int) -> Iterator[Holding]:
    """Yield the memory at each layer of the backward pass, and while the optimizer steps."""
    parameters = sum(step.params for step in steps)
    kept = accumulate(step.batch + step.image * batch_size for step in steps)
    arrived = 0
    for step, activations in reversed(list(zip(steps, kept, strict=True))):
        arrived += step.params
        workspace = step.gradients * batch_size
        yield Holding(parameters, arrived, _MOMENTS * parameters, activations, workspace)
    # torch's multi-tensor form on a GPU holds the square roots of all second moments at once
    yield Holding(parameters, parameters, _MOMENTS * parameters, 0, parameters)
