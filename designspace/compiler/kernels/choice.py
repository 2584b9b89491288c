"""The kernel that computes pointwise layers, chosen once per machine.

A pointwise layer is a matrix product over positions. On a CPU torch has two kernels for it:
`linear` goes to torch's BLAS library, and a 1x1 convolution on a channels-last map goes to oneDNN.
MKL, the BLAS library of torch's x86 builds, uses AVX-512 on Intel's processors only; oneDNN uses it
on every processor that has it. With full-width AVX-512 units (AMD Zen 5) the convolution is 1.4 to
1.9 times as fast, on one thread and on two. With half-width units (Zen 4) the two are within a few
percent of each other. On Intel both use AVX-512.

Setting up a convolution takes about 30 microseconds, which costs small layers more than they gain:
on Zen 5 the two kernels break even at 4 to 6 million multiply-adds. So `by_size`, the choice on AMD
with AVX-512, uses the convolution for large layers only (`designspace.compiler.kernels.pointwise`).

The choice depends only on the processor's maker, its instruction set, torch's build, the layer's
size and the number of threads. So a run that resumes on the same kind of machine gives the same
bits. On a GPU the kernel is always `linear`.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal, get_args

import torch

from designspace.errors import InputError
from designspace.records.environment import cpu_maker

Kernel = Literal["linear", "convolution", "by_size"]
VARIABLE = "DESIGNSPACE_POINTWISE"
"""Environment variable that forces a kernel."""


def machine_kernel() -> Kernel:
    """Return the fastest float32 kernel for this machine's CPU, or the one that the user forces.

    Raises:
        InputError: The environment variable `DESIGNSPACE_POINTWISE` does not name a kernel.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return _checked(named)
    wide = torch.backends.cpu.get_cpu_capability() == "AVX512"
    both = torch.backends.mkl.is_available() and torch.backends.mkldnn.is_available()
    return "by_size" if wide and both and cpu_maker() == "AuthenticAMD" else "linear"


def cpu_kernel() -> Kernel:
    """Return the kernel that pointwise layers take on the CPU in float32."""
    return _kernel


@contextmanager
def forced(kernel: Kernel) -> Generator[None]:
    """Use one kernel within the block on every machine; for tests, counts and comparisons."""
    global _kernel
    before, _kernel = _kernel, kernel
    try:
        yield
    finally:
        _kernel = before


def _checked(word: str) -> Kernel:
    for kernel in get_args(Kernel):
        if word == kernel:
            return kernel
    raise InputError(
        f"unknown kernel '{word}'",
        path=VARIABLE,
        hint=f"valid: {', '.join(get_args(Kernel))}",
    )


_kernel: Kernel = machine_kernel()
