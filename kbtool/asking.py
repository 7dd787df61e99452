"""The rim towards the web: asks hosts whether addresses still lead somewhere; only `check --external` does.

A host is asked one question at a time, with a pause between; several hosts at once. Only addresses of the public net
are asked, and those of hosts that the configuration allows: a note must not make kbtool knock at a router or at a
cloud's metadata. The address that was checked is the one that is connected to, so that a name cannot point elsewhere
in between. Answers are kept for some days in the platform's cache folder.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from kbtool import __version__, sealed
from kbtool.addresses import Answer, is_askable

_HOPS = 5
_HOSTS_AT_ONCE = 8
_DAY = 86_400
_MAX_FILE = 64 * 1024 * 1024
# Many servers know no HEAD, or answer it with anything.
_ASK_AGAIN = 400
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_SAFE = "!$%&'()*+,/:;=?@~[]"
_HEADERS: Mapping[str, str] = {
    "User-Agent": f"kbtool/{__version__} (checks links)",
    "Accept": "*/*",
    "Connection": "close",
}


class _Refused(Exception):
    """An address that must not be asked."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How to ask: `allowed` hosts may be private; seconds of patience and between two questions; days answers hold."""

    allowed: tuple[str, ...] = ()
    timeout: float = 10.0
    pause: float = 0.5
    days: float = 7.0


def ask(
    wanted: Iterable[str], manners: Manners, cache: Path, progress: Callable[[int, int], None]
) -> Mapping[str, Answer]:
    """The answers for addresses; those that must not be asked are left out."""
    given = tuple(dict.fromkeys(wanted))
    now = time.time()
    kept = {url: entry for url, entry in _load(cache).items() if 0 <= now - entry[0] < manners.days * _DAY}
    answers = {url: kept[url][1] for url in given if url in kept}
    by_host: dict[str, list[str]] = {}
    for url in given:
        if url not in answers:
            by_host.setdefault(urlsplit(url).netloc.lower(), []).append(url)
    with ThreadPoolExecutor(_HOSTS_AT_ONCE) as pool:
        waiting = [pool.submit(_ask_host, urls, manners) for urls in by_host.values()]
        for done in as_completed(waiting):
            answers.update(done.result())
            progress(len(answers), len(given))
    # What could not be asked today may well be there tomorrow.
    _save(cache, {**kept, **{url: (now, one) for url, one in answers.items() if one.status and url not in kept}})
    return {url: answers[url] for url in given if url in answers}


def _ask_host(urls: list[str], manners: Manners) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for number, url in enumerate(urls):
        if number:
            time.sleep(manners.pause)
        with suppress(_Refused):
            found[url] = _ask(url, manners)
    return found


def _ask(url: str, manners: Manners) -> Answer:
    """Follows redirects; where the first ones are for good, the answer says how far they lead."""
    at, moved, for_good = url, "", True
    try:
        for _ in range(_HOPS):
            status, location = _once("HEAD", at, manners)
            if status >= _ASK_AGAIN:
                status, location = _once("GET", at, manners)
            if status not in _REDIRECTS or not location:
                return Answer(status, moved)
            at = urljoin(at, location).partition("#")[0]
            if not is_askable(at):
                return Answer(status)
            for_good = for_good and status in _FOR_GOOD
            moved = at if for_good else moved
    except _Refused:
        if at == url:
            raise
        return Answer(0, "", "it leads to a private address")
    except (OSError, HTTPException, ValueError) as error:
        return Answer(0, "", _reason(error))
    return Answer(0, "", f"it redirects more than {_HOPS} times")


def _reason(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "no answer in time"
        case socket.gaierror():
            return "there is no such host, or no network"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not valid ({error.verify_message})"
        case ConnectionRefusedError():
            return "it refuses connections"
    return (str(error) or type(error).__name__).splitlines()[0][:100]


def _once(method: str, url: str, manners: Manners) -> tuple[int, str]:
    """Status and `Location` of one request; the body is not read."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    connection = HTTPConnection(host, port, timeout=manners.timeout)
    connection.sock = _connected(host, port, manners)
    try:
        if parts.scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
        target = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
        connection.request(method, target, headers=dict(_HEADERS))
        answer = connection.getresponse()
        return answer.status, answer.getheader("Location") or ""
    finally:
        connection.close()


def _connected(host: str, port: int, manners: Manners) -> socket.socket:
    free = {host, f"{host}:{port}"} & set(manners.allowed)
    found = socket.getaddrinfo(host.encode("idna").decode(), port, type=socket.SOCK_STREAM)
    for family, kind, protocol, _, place in found:
        if not free and not ipaddress.ip_address(str(place[0]).partition("%")[0]).is_global:
            raise _Refused(host)
        made = socket.socket(family, kind, protocol)
        made.settimeout(manners.timeout)
        try:
            made.connect(place)
        except OSError:
            made.close()
            if place == found[-1][4]:
                raise
        else:
            return made
    raise OSError("no address")


# ---------------------------------------------------------------- answers that are kept


def cache_file() -> Path:
    """Where answers are kept."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("kbtool")) / "external-links.json"


def _load(path: Path) -> dict[str, tuple[float, Answer]]:
    rows = sealed.load(path, _MAX_FILE)
    try:
        return {str(url): (float(when), Answer(int(status), str(moved))) for url, when, status, moved in rows}
    except (ValueError, TypeError):
        return {}  # a cache that cannot be read is none


def _save(path: Path, entries: Mapping[str, tuple[float, Answer]]) -> None:
    sealed.save(path, [(url, when, one.status, one.moved) for url, (when, one) in entries.items()])
