"""The test that the head of a Ray cluster is at the other end of a connection, without Ray.

Ray's own client waits for tens of seconds if something else listens there, and some of its versions
end the process. Ray's control service speaks gRPC, which is HTTP/2 (RFC 9113): frames of nine bytes
and a payload. One request with the few headers of gRPC, written literally (RFC 7541, section
6.2.2), asks for the id of the cluster. A control service answers with data, or with an error that
says that it needs a token, which Ray itself sends later. Other gRPC servers and proxies answer
differently.
"""

from __future__ import annotations

import socket
import time
from typing import Literal

Answer = Literal["head", "token", "other"]
"""A head; a head that needs a token; anything else."""

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _GOAWAY = 0, 1, 3, 4, 7
_END_STREAM, _ACK, _END_HEADERS = 1, 1, 4
_MOST = 1 << 14  # maximum bytes of a frame for a client that has sent no settings
_REQUEST = {
    ":method": "POST",
    ":scheme": "http",
    ":path": "/ray.rpc.NodeInfoGcsService/GetClusterId",
    ":authority": "ray",
    "te": "trailers",
    "content-type": "application/grpc",
}
_NO_TOKEN = b"grpc-status\x0216"  # UNAUTHENTICATED, as Ray writes it
_EMPTY = bytes(5)  # an empty gRPC message: not compressed, no bytes


def greeted(connection: socket.socket, timeout: float) -> Answer:
    """Return who answers within `timeout` seconds: a control service of Ray, or something else."""
    until = time.monotonic() + timeout
    try:
        connection.settimeout(timeout)
        connection.sendall(_PREFACE + _frame(_SETTINGS, 0, 0, b"") + _request())
        while (left := until - time.monotonic()) > 0:
            connection.settimeout(left)
            kind, flags, payload = _read(connection)
            if kind == _SETTINGS and not flags & _ACK:
                connection.sendall(_frame(_SETTINGS, _ACK, 0, b""))
            elif kind == _DATA and payload:
                return "head"
            elif kind in (_RESET, _GOAWAY) or (kind == _HEADERS and flags & _END_STREAM):
                return "token" if _NO_TOKEN in payload else "other"
    except OSError:
        return "other"
    return "other"


def _request() -> bytes:
    headers = b"".join(b"\0" + _text(name) + _text(value) for name, value in _REQUEST.items())
    return _frame(_HEADERS, _END_HEADERS, 1, headers) + _frame(_DATA, _END_STREAM, 1, _EMPTY)


def _text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def _read(connection: socket.socket) -> tuple[int, int, bytes]:
    """Read the kind, flags and payload of the next frame."""
    header = _exactly(connection, 9)
    size = int.from_bytes(header[:3])
    if size > _MOST:
        raise ConnectionError("no HTTP/2")
    return header[3], header[4], _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        more = connection.recv(size - len(read))
        if not more:
            raise ConnectionError("closed")
        read += more
    return read
