"""A small web server for this machine alone: hands out what the last build made, from a table of addresses.

No request becomes a path: its address is looked up among those that were built, and nothing else is there. Pages learn
by events that they changed. Nothing can be changed by a request.
"""

from __future__ import annotations

import json
import mimetypes
import queue
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from kbtool.config import KbError
from kbtool.front import ASSETS
from kbtool.packed import digest
from kbtool.render.policy import ALWAYS, FRAMES

HOST = "127.0.0.1"
EVENTS = "/_kbtool/events"
_OWN = "/_kbtool/"
_LIVE = (
    '<link rel="stylesheet" href="/_kbtool/live.css"><script src="/_kbtool/live.js" data-number="%d" defer></script>'
)
_BEAT = 15.0
"""Seconds after which an event stream says that it is still there."""
_TYPES: Mapping[str, str] = {
    "js": "text/javascript",
    "json": "application/json",
    "css": "text/css",
    "svg": "image/svg+xml",
}
_TEXTS = frozenset({"text/html", "text/javascript", "text/css", "application/json", "image/svg+xml", "text/plain"})


class Site:
    """What is shown: contents and files by their addresses; who looks at it is told of changes."""

    __slots__ = ("_changed", "_listeners", "_lock", "_number", "_problems", "_table")

    def __init__(self) -> None:
        self._table: dict[str, bytes | Path] = {}
        self._listeners: dict[queue.Queue[tuple[str, str]], str] = {}
        self._lock = threading.Lock()
        self._problems = "[]"
        self._number = 0
        self._changed: dict[str, int] = {}

    def show(self, folder: Path) -> None:
        """Shows a folder that was built, and nothing else."""
        own = {f"{_OWN}{path.name}": path for path in (ASSETS / "serve").iterdir()}
        files = (path for path in folder.rglob("*") if path.is_file())
        self._table = {**{f"/{path.relative_to(folder).as_posix()}": path for path in files}, **own}
        self._number += 1
        self._changed = dict.fromkeys(map(address_of, self._table), self._number)
        self._tell("changed", "null")

    def change(self, files: Mapping[str, bytes | None]) -> None:
        """Shows other contents at some places; None: nothing is there any more."""
        table = dict(self._table)
        files = {path: content for path, content in files.items() if content != table.get(f"/{path}", ())}
        for path, content in files.items():
            if content is None:
                table.pop(f"/{path}", None)
            else:
                table[f"/{path}"] = content
        self._table = table
        self._number += 1
        pages = [address_of(f"/{path}") for path in files if path.endswith(".html")]
        self._changed.update(dict.fromkeys(pages, self._number))
        if files:
            self._tell("changed", json.dumps(pages))

    def tell_problems(self, problems: Iterable[Mapping[str, object]]) -> None:
        """What is wrong with the notes, which every page shows."""
        self._problems = json.dumps(list(problems))
        self._tell("problems", self._problems)

    def content(self, address: str) -> tuple[str, bytes] | None:
        """The type and the content at an address; of a folder its index."""
        place = f"{address}index.html" if address.endswith("/") else address
        found = self._table.get(place)
        if found is None:
            return None
        try:
            data = found if isinstance(found, bytes) else found.read_bytes()
        except OSError:  # the build that it was part of is gone
            return None
        kind = _type(place)
        return kind, _with_live(data, self._number) if kind == "text/html" else data

    def is_folder(self, address: str) -> bool:
        """Whether an address lacks its `/`."""
        return f"{address}/index.html" in self._table

    def opened(self) -> set[str]:
        """The files of the pages that somebody looks at."""
        with self._lock:
            return {f"{page}index.html"[1:] if page.endswith("/") else page[1:] for page in self._listeners.values()}

    @contextmanager
    def listening(self, page: str, number: int) -> Iterator[queue.Queue[tuple[str, str]]]:
        """The events for a page, as they come; first those since it was fetched, as the number on it tells."""
        events: queue.Queue[tuple[str, str]] = queue.Queue()
        events.put(("problems", self._problems))
        with self._lock:
            self._listeners[events] = page
        if self._changed.get(page, 0) > number:
            events.put(("changed", "null"))
        try:
            yield events
        finally:
            with self._lock:
                del self._listeners[events]

    def _tell(self, kind: str, data: str) -> None:
        with self._lock:
            for events in self._listeners:
                events.put((kind, data))


def address_of(place: str) -> str:
    """Where a file of the site is asked for."""
    return place.removesuffix("index.html") if place.endswith("/index.html") else place


def _type(place: str) -> str:
    extension = place.rpartition(".")[2].lower()
    return _TYPES.get(extension) or mimetypes.guess_type(f"x.{extension}")[0] or "application/octet-stream"


def _with_live(page: bytes, number: int) -> bytes:
    before, end, after = page.rpartition(b"</body>")
    return before + (_LIVE % number).encode() + end + after if end else page


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD of what is in the table, to callers that mean this machine and do not come from another site."""

    site: Site
    server_version = "kbtool"
    sys_version = ""
    protocol_version = "HTTP/1.1"

    def parse_request(self) -> bool:
        """Refuses requests that name another host, as DNS rebinding makes them, or that another site's page makes."""
        if not super().parse_request():
            return False
        _, port = self.connection.getsockname()[:2]
        hosts = (f"{HOST}:{port}", f"localhost:{port}")
        if self.headers.get_all("Host") not in ([hosts[0]], [hosts[1]]):
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
            return False
        origin, from_site = self.headers.get("Origin"), self.headers.get("Sec-Fetch-Site")
        known = {"same-origin"} if self.path.startswith(_OWN) else {"same-origin", "none", None}
        if origin not in (None, *(f"http://{host}" for host in hosts)) or from_site not in known:
            self._refuse(HTTPStatus.FORBIDDEN)
            return False
        if self.command not in ("GET", "HEAD"):
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED)
            return False
        return True

    def do_HEAD(self) -> None:
        """As GET, without the content."""
        self.do_GET()

    def do_GET(self) -> None:
        """What stands at the address."""
        parts = urlsplit(self.path) if self.path.startswith("/") else None
        address = unquote(parts.path, errors="strict") if parts and _is_plain(parts.path) else "\0"
        if parts and address == EVENTS:
            asked = parse_qs(parts.query)
            number = asked.get("number", ["0"])[0]
            self._events(asked.get("page", [""])[0], int(number) if number.isascii() and number.isdigit() else 0)
            return
        found = self.site.content(address)
        if found is None and parts and self.site.is_folder(address):
            self._answer(HTTPStatus.MOVED_PERMANENTLY, ("text/plain", b""), Location=parts.path + "/")
            return
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND, self.site.content("/404.html") or ("text/plain", b"not found\n"))
            return
        mark = f'"{digest(found[1]).hex()}"'
        if self.headers.get("If-None-Match") == mark:
            self._answer(HTTPStatus.NOT_MODIFIED, (found[0], b""), ETag=mark)
        else:
            self._answer(HTTPStatus.OK, found, ETag=mark)

    def _events(self, page: str, number: int) -> None:
        self.close_connection = True
        self._begin(HTTPStatus.OK, {"Content-Type": "text/event-stream"})
        if self.command == "HEAD":
            return
        with self.site.listening(page, number) as events:
            while True:
                try:
                    kind, data = events.get(timeout=_BEAT)
                    self.wfile.write(f"event: {kind}\ndata: {data}\n\n".encode())
                except queue.Empty:
                    self.wfile.write(b": still here\n\n")
                self.wfile.flush()

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        headers = {"Allow": "GET, HEAD"} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
        self._answer(status, ("text/plain", status.phrase.encode()), **headers)

    def _answer(self, status: HTTPStatus, content: tuple[str, bytes], **headers: str) -> None:
        kind, data = content
        kind = f"{kind}; charset=utf-8" if kind in _TEXTS else kind
        self._begin(status, {"Content-Type": kind, "Content-Length": str(len(data)), **headers})
        if self.command != "HEAD":
            self.wfile.write(data)

    def _begin(self, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        own = {
            "Cache-Control": "no-cache",  # asked for again each time: the next build may change it
            "Content-Security-Policy": FRAMES,
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        for name, value in {**dict(ALWAYS), **own, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def handle_one_request(self) -> None:
        """Whoever hangs up is no error."""
        try:
            super().handle_one_request()
        except (ConnectionError, UnicodeDecodeError, TimeoutError):
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Requests are not worth a line."""


def _is_plain(path: str) -> bool:
    """Whether an address is made of bytes of UTF-8."""
    try:
        unquote(path, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def start(site: Site, port: int) -> Iterator[str]:
    """Serves in the background; gives the address."""
    handler = type("Handler", (_Handler,), {"site": site})
    try:
        http = ThreadingHTTPServer((HOST, port), handler)
    except (OSError, OverflowError) as error:
        raise KbError(f"port {port}: {error}\nname another: kbtool serve --port 8001") from error
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{http.server_address[1]}/"
    finally:
        http.shutdown()
        http.server_close()
