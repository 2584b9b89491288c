"""Several processes that fetch the same data set at once fetch it once, and read it whole."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import multiprocessing
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torchvision import datasets
from typing_extensions import override

from designspace.errors import InputError
from designspace.images.torchvision_sets import read_named

PARTS = {"train": 8, "t10k": 4}


def idx(values: np.ndarray[Any, Any]) -> bytes:
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return gzip.compress(head + values.astype(np.uint8).tobytes(), mtime=0)


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """What is fetched, how often, of a small MNIST that a slow server on loopback has."""
    web = tmp_path / "web"
    web.mkdir()
    files = {
        f"{part}-{kind}-idx{len(shape)}-ubyte.gz": idx(
            np.arange(np.prod(shape)).reshape(shape) % 10
        )
        for part, count in PARTS.items()
        for kind, shape in {"images": (count, 28, 28), "labels": (count,)}.items()
    }
    for name, content in files.items():
        (web / name).write_bytes(content)
    asked: Counter[str] = Counter()

    class Slow(SimpleHTTPRequestHandler):
        @override
        def do_GET(self) -> None:
            asked[self.path] += 1
            time.sleep(0.1)
            super().do_GET()

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Slow, directory=str(web)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sums = [(name, hashlib.md5(content).hexdigest()) for name, content in files.items()]
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    monkeypatch.setattr(datasets.MNIST, "resources", sums)
    monkeypatch.setenv("DESIGNSPACE_DATA", str(tmp_path / "data"))
    yield asked
    server.shutdown()
    server.server_close()


def read(download: bool) -> None:
    source = read_named("mnist", download=download)
    assert len(source.train.labels) == 8


def test_processes_that_begin_together_fetch_once(
    fetched: Counter[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("DESIGNSPACE_DATA", str(tmp_path / "elsewhere"))
        read(download=True)
    alone = fetched.copy()
    assert len(alone) == 4
    fetched.clear()
    forks = multiprocessing.get_context("fork")
    together = [forks.Process(target=read, args=(True,)) for _ in range(3)]
    for process in together:
        process.start()
    for process in together:
        process.join(60)
    assert [process.exitcode for process in together] == [0, 0, 0]
    assert fetched == alone
    read(download=False)


@pytest.mark.usefixtures("fetched")
def test_a_reader_waits_for_what_is_being_fetched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match="fetch it once with --download"):
        read(download=False)
    assert not (tmp_path / "data").exists()
    read(download=True)
    assert "waiting" not in capsys.readouterr().err
    with (tmp_path / "data" / ".mnist.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        threading.Timer(0.3, lambda: fcntl.flock(lock, fcntl.LOCK_UN)).start()
        read(download=False)
    assert "waiting for another process that fetches it" in capsys.readouterr().err
