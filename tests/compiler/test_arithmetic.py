"""TF32 and cudnn.benchmark: on for training and measuring on a GPU, restored, recorded."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
import torch

from designspace.compiler.arithmetic import arithmetic, fast_arithmetic, fast_settings

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)
MATMUL: Any = torch.backends.cuda.matmul
CUDNN: Any = torch.backends.cudnn


def _matmul(precision: str) -> None:
    torch.set_float32_matmul_precision(precision)


def _new(precision: str) -> None:
    MATMUL.fp32_precision = precision


SETTINGS: dict[str, tuple[Callable[[str], None], str]] = {
    "default": (_new, "none"),
    "highest": (_matmul, "highest"),
    "high": (_matmul, "high"),
    "medium": (_matmul, "medium"),
    "new tf32": (_new, "tf32"),
    "new ieee": (_new, "ieee"),
}


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    monkeypatch.setattr(torch.cuda, "is_tf32_supported", lambda: True)
    yield
    torch.set_float32_matmul_precision("highest")
    MATMUL.fp32_precision, torch.backends.mkldnn.matmul.fp32_precision = "none", "none"  # pyright: ignore
    CUDNN.benchmark = False


def _state() -> tuple[Any, ...]:
    mkldnn: Any = torch.backends.mkldnn
    return MATMUL.fp32_precision, mkldnn.matmul.fp32_precision, CUDNN.benchmark


@pytest.mark.parametrize(("set_precision", "value"), SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("benchmark", [False, True])
def test_a_gpu_may_use_tensor_cores_within_and_only_within(
    set_precision: Callable[[str], None], value: str, benchmark: bool
) -> None:
    set_precision(value)
    CUDNN.benchmark = benchmark
    before = _state()

    def fail() -> None:
        with fast_arithmetic(CUDA):
            assert MATMUL.fp32_precision == "tf32"
            assert CUDNN.benchmark
            assert _state()[1] == before[1]
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert _state() == before


def test_parts_of_the_compiler_that_read_the_older_flags_still_can() -> None:
    with fast_arithmetic(CUDA):
        assert MATMUL.allow_tf32
        assert torch.get_float32_matmul_precision() == "high"
        with fast_arithmetic(CUDA):
            assert MATMUL.allow_tf32
        assert MATMUL.allow_tf32
    assert not MATMUL.allow_tf32
    assert torch.get_float32_matmul_precision() == "highest"


def test_the_cpu_keeps_its_settings() -> None:
    before = _state()
    with fast_arithmetic(CPU):
        assert _state() == before
    assert arithmetic(CPU) == fast_settings(CPU) == {}


def test_a_record_says_how_the_gpu_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = {"float32_matmul": "tf32", "float32_conv": "tf32", "cudnn_benchmark": True}
    assert fast_settings(CUDA) == fast
    assert arithmetic(CUDA) == fast | {"float32_matmul": "float32", "cudnn_benchmark": False}
    monkeypatch.setattr(torch.cuda, "is_tf32_supported", lambda: False)  # before Ampere
    assert fast_settings(CUDA)["float32_matmul"] == "float32"
