"""A pretend GPU: real CPU tensors that report `cuda:0`, and a log of what a GPU would have done."""

from tests.pretend.gpu import PretendGpu, pretend_gpu

__all__ = ["PretendGpu", "pretend_gpu"]
