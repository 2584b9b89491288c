"""RAY_ADDRESS is asked before a study is created; wrong ones end in one line and exit code 2."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from designspace.searching.ray_session.address import split
from designspace.searching.ray_session.greeting import greeted
from tests.helpers.command import run

SETTINGS = b"\0\0\0\4\0\0\0\0\0"
HEADERS = b"\0\0\1\1\4\0\0\0\1\x88"
DATA = b"\0\0\6\0\0\0\0\0\1" + b"\0\0\0\0\1x"


def status(number: bytes) -> bytes:
    """A frame of headers that ends the stream, as Ray writes it."""
    payload = b"\x88\0\x0bgrpc-status\x02" + number
    return len(payload).to_bytes(3) + b"\1\5\0\0\0\1" + payload


Server = Callable[[bytes], int]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that answers each connection with the same bytes; returns its port."""
    listening: list[socket.socket] = []

    def begin(answer: bytes) -> int:
        sock = socket.create_server(("127.0.0.1", 0))
        listening.append(sock)

        def serve() -> None:
            try:
                while True:
                    connection, _ = sock.accept()
                    with connection:
                        connection.recv(1000)
                        connection.sendall(answer)
                        connection.settimeout(3)
                        while connection.recv(1000):
                            continue
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        return sock.getsockname()[1]

    yield begin
    for sock in listening:
        sock.shutdown(socket.SHUT_RDWR)
        sock.close()


def unused() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> str:
    """Search at an address; the one line that refuses it, within seconds."""
    monkeypatch.setenv("RAY_ADDRESS", address)
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    ran = run("search", "--study", tmp_path / "s", "--device", "cpu")
    assert ran.code == 2
    assert not (tmp_path / "s").exists()
    assert ran.err.count("\n") == 1
    assert ran.err.startswith(f"error: RAY_ADDRESS={address}: ")
    return ran.err


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "localhost:{}", "ray://127.0.0.1:{}", "[::1]:{}"])
def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    assert "nobody answers" in search(tmp_path, monkeypatch, form.format(unused()))


@pytest.mark.parametrize(
    "address", ["nonsense", "host:99999", "host:0", ":6379", "ray://", "http://x:y", "a:b:c"]
)
def test_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert "no address; valid: HOST:PORT" in search(tmp_path, monkeypatch, address)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", SETTINGS + status(b"12")],
)
def test_something_else_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server, answer: bytes
) -> None:
    said = search(tmp_path, monkeypatch, f"127.0.0.1:{server(answer)}")
    assert "something listens there, but it is not a Ray head" in said


def test_a_head_that_wants_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    said = search(tmp_path, monkeypatch, f"127.0.0.1:{server(SETTINGS + status(b'16'))}")
    assert "set RAY_AUTH_MODE=token" in said


def test_rays_client_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    said = search(tmp_path, monkeypatch, f"ray://127.0.0.1:{server(b'')}")
    assert "cannot run through Ray's client" in said


@pytest.mark.parametrize(
    ("answer", "who"),
    [
        (SETTINGS + HEADERS + DATA, "head"),
        (SETTINGS + status(b"16"), "token"),
        (SETTINGS + status(b"14"), "other"),
        (b"", "other"),
        (b"\xff" * 50, "other"),
    ],
)
def test_who_answers(server: Server, answer: bytes, who: str) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server(answer))) as connection:
        assert greeted(connection, 0.3) == who
    assert time.monotonic() - began < 3


def test_addresses_are_split() -> None:
    assert split("a.b:1") == ("a.b", 1)
    assert split("[::1]:6379") == ("::1", 6379)
    assert [split(each) for each in ("a", "a:", ":1", "a:x", "a:65536", "a:٣")] == [None] * 6
