"""The check that a Ray head answers at RAY_ADDRESS, made before a study is created.

Ray itself waits long for an address where nothing answers, and then ends the process from C++.
"""

from __future__ import annotations

import os
import socket
import threading

from designspace.errors import InputError
from designspace.searching.ray_session.greeting import greeted
from designspace.searching.ray_session.ray_settings import prepare

TIMEOUT = 1.0  # seconds to resolve a name, and to connect
ANSWER = 2.0  # seconds for the head to answer
VARIABLE = "RAY_ADDRESS"
OWN = ("", "local")  # values with which we start a Ray of our own


def address() -> str:
    """Return the cluster that the environment names; empty if we start a Ray of our own."""
    named = os.environ.get(VARIABLE, "").strip()
    return "" if named in OWN else named


def probe() -> str:
    """Connect to the head of the cluster that RAY_ADDRESS names.

    Returns:
        The HOST:PORT of the head.

    Raises:
        InputError: The address is not valid, nothing answers there, or the answer is not Ray's.
    """
    named = address()
    if named == "auto":
        host, port = _split(named, _running())
    else:
        host, port = _split(named, named.removeprefix("ray://"))
    _ask(named, host, port)
    if named.startswith("ray://"):
        raise _wrong(
            named,
            "a search cannot run through Ray's client",
            f"run it on a node of the cluster with {VARIABLE}=auto or HOST:PORT of its head",
        )
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reachable(host: str, port: int) -> bool:
    """Return whether anything listens at an address."""
    try:
        socket.create_connection((host, port), TIMEOUT).close()
    except TimeoutError:
        return True  # busy: only a refusal proves that nothing listens
    except OSError:
        return False
    return True


def split(named: str) -> tuple[str, int] | None:
    """Return host and port of `host:port`, also of `[v6]:port`; None if it is neither."""
    host, colon, port = named.rpartition(":")
    valid = colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16
    return (host.strip("[]"), int(port)) if valid else None


def _wrong(named: str, said: str, hint: str) -> InputError:
    return InputError(f"{VARIABLE}={named}: {said}", hint=hint)


def _split(named: str, resolved: str) -> tuple[str, int]:
    found = split(resolved)
    if found is None:
        raise _wrong(named, "no address", "valid: HOST:PORT of a head, auto, or local")
    return found


def _running() -> str:
    """Return the address of a cluster on this machine."""
    prepare()
    from ray._private import services

    try:
        found = services.canonicalize_bootstrap_address("auto")
    except (ConnectionError, ValueError) as error:
        raise _wrong("auto", _first(error), f"name one: {VARIABLE}=HOST:PORT") from None
    if found is None:
        raise _wrong(
            "auto", "no Ray cluster runs on this machine", f"unset {VARIABLE} to start one"
        )
    return str(found)


def _first(error: Exception) -> str:
    """Return the first sentence of an error."""
    return (str(error) or type(error).__name__).splitlines()[0].split(". ")[0]


def _ask(named: str, host: str, port: int) -> None:
    hint = f"start its head, or unset {VARIABLE} to start a local Ray"
    try:
        _resolve(host, port)
        with socket.create_connection((host, port), TIMEOUT) as connection:
            encrypted = os.environ.get("RAY_USE_TLS", "0") not in ("0", "")  # only Ray can ask
            known = encrypted or named.startswith("ray://")
            answer = "head" if known else greeted(connection, ANSWER)
    except OSError as error:
        said = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
        raise _wrong(named, f"nobody answers there ({said})", hint) from None
    if answer == "other":
        raise _wrong(named, "something listens there, but it is not a Ray head", hint)
    if answer == "token" and os.environ.get("RAY_AUTH_MODE", "").lower() != "token":
        hint = "set RAY_AUTH_MODE=token, and store its token here with ray get-auth-token"
        raise _wrong(named, "the head requires a token", hint)


def _resolve(host: str, port: int) -> None:
    """Look up a host name in a thread, because the look-up has no time limit of its own.

    Raises:
        OSError: There is no such name, or the look-up takes too long.
    """
    wrong: list[OSError] = []

    def look_up() -> None:
        try:
            socket.getaddrinfo(host, port)
        except (OSError, UnicodeError) as error:  # a label that is too long is no Unicode
            wrong.append(error if isinstance(error, OSError) else OSError(str(error)))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(TIMEOUT)
    if thread.is_alive():
        raise TimeoutError
    if wrong:
        raise wrong[0]
