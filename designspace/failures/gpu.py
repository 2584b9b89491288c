"""Errors of a GPU after which its process cannot use it any more.

CUDA calls them sticky: "This leaves the process in an inconsistent state and any further CUDA work
will return the same error. To continue using CUDA, the process must be terminated and relaunched."
(`driver_types.h` of the CUDA toolkit 13.2, at each of these errors.) They arrive late, at whatever
call happens to wait for the GPU, and as several types: `torch.AcceleratorError` with a code, the
same type without one where a data loader or a compiler passes it on, and a plain `RuntimeError`
from Triton, NCCL or cuBLAS. So the code decides where there is one, then the text, and then the GPU
itself is asked. Running out of memory is not sticky, nor is a kernel that refuses its arguments.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

from designspace.failures.memory import out_of_memory

UNUSABLE = {
    3: "initialization error",
    4: "driver shutting down",
    46: "CUDA-capable device(s) is/are busy or unavailable",
    53: "unspecified launch failure in prior launch",
    100: "no CUDA-capable device is detected",
    201: "invalid device context",
    214: "uncorrectable ECC error encountered",
    220: "uncorrectable NVLink error detected during the execution",
    226: "Invalid access of peer GPU memory over nvlink or a hardware error",
    700: "an illegal memory access was encountered",
    702: "the launch timed out and was terminated",
    709: "context is destroyed",
    710: "device-side assert triggered",
    714: "hardware stack error",
    715: "an illegal instruction was encountered",
    716: "misaligned address",
    717: "operation not supported on global/shared address space",
    718: "invalid program counter",
    719: "unspecified launch failure",
    721: "tensor memory not completely freed",
    802: "system not yet initialized",
    806: "the remote procedural call between the MPS server and the MPS client failed",
    810: "the MPS client has been terminated by the server",
    911: "an async error has occured in external entity outside of CUDA",
    999: "unknown error",
}
"""Codes and texts by `cudaGetErrorString` of CUDA 13.2; these end a process's use of the GPU."""

CANNOT_GO_ON = (
    "this process cannot use the GPU any more, and the same command goes on from what is recorded"
)

_NAMES = (
    "cudaErrorIllegalAddress", "cudaErrorAssert", "cudaErrorLaunchFailure",
    "cudaErrorECCUncorrectable", "cudaErrorMisalignedAddress", "cudaErrorIllegalInstruction",
    "cudaErrorInvalidPc", "cudaErrorInvalidAddressSpace", "cudaErrorHardwareStackError",
    "cudaErrorLaunchTimeout", "cudaErrorNvlinkUncorrectable", "cudaErrorUnknown",
    "cudaErrorContained", "cudaErrorDevicesUnavailable",
)  # fmt: skip
_TEXTS = "|".join(re.escape(text) for text in (*UNUSABLE.values(), *_NAMES))
_SIGN = re.compile(rf"\b(?:CUDA|HIP)\b[^\n]{{0,80}}?(?P<text>{_TEXTS})", re.IGNORECASE)
_NAME = re.compile(rf"\b(?P<text>{'|'.join(_NAMES)})\b")


def lost_gpu(error: BaseException) -> str | None:
    """Return why this process can no longer use its GPU.

    Returns:
        CUDA's words for it, such as "an illegal memory access was encountered"; None where the
        process can go on.
    """
    for one in _chain(error):
        text = _told(one)
        if text is not None:
            return text
    return None if out_of_memory(error) else _asked()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those that led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> str | None:
    """What an error itself says."""
    if not isinstance(error, RuntimeError):
        return None
    code = getattr(error, "error_code", None)
    if isinstance(code, int):
        return UNUSABLE.get(code)
    found = _SIGN.search(str(error)) or _NAME.search(str(error))
    return found["text"] if found else None


def _asked() -> str | None:
    """What the GPU itself says, where this process uses one."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    try:
        torch.cuda.synchronize()
    except RuntimeError as error:
        return None if out_of_memory(error) else _told(error) or str(error).partition("\n")[0]
    return None
