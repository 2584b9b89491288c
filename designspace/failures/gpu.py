"""GPU errors after which the process can no longer use the GPU.

CUDA calls them sticky: "This leaves the process in an inconsistent state and any further CUDA work
will return the same error. To continue using CUDA, the process must be terminated and relaunched."
(`driver_types.h` of the CUDA toolkit 13.2, at each of these errors.) They arrive late, at the next
call that happens to wait for the GPU. They have several types: `torch.AcceleratorError` with a
code, the same type without a code when a data loader or a compiler passes it on, and a plain
`RuntimeError` from Triton, NCCL or cuBLAS. The code decides if there is one, then the text of the
error; otherwise this module asks the GPU itself. Running out of memory is not a sticky error, and
neither is a kernel that rejects its arguments.
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
"""Codes that end a process's use of the GPU, with texts by `cudaGetErrorString` of CUDA 13.2."""

CANNOT_GO_ON = (
    "this process cannot use the GPU any more; the same command continues from what is recorded"
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
    """Return the reason why this process can no longer use its GPU.

    Returns:
        CUDA's text of the error, such as "an illegal memory access was encountered"; None if the
        process can continue.
    """
    for one in _chain(error):
        text = _told(one)
        if text is not None:
            return text
    return None if out_of_memory(error) else _asked()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and the errors that led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> str | None:
    """Return the text of a sticky error; None if the error does not state one."""
    if not isinstance(error, RuntimeError):
        return None
    code = getattr(error, "error_code", None)
    if isinstance(code, int):
        return UNUSABLE.get(code)
    found = _SIGN.search(str(error)) or _NAME.search(str(error))
    return found["text"] if found else None


def _asked() -> str | None:
    """Synchronise with the GPU and return its error; None if it has none or no GPU is in use."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    try:
        torch.cuda.synchronize()
    except RuntimeError as error:
        return None if out_of_memory(error) else _told(error) or str(error).partition("\n")[0]
    return None
