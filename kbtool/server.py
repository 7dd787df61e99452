"""A small web server for this machine alone: hands out the files of the last finished build."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kbtool.config import KbError
from kbtool.render.policy import ALWAYS, FRAMES

HOST = "127.0.0.1"


class Site:
    """The build that is shown, and the one that is being made."""

    __slots__ = ("_folder", "_number", "shown")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self.shown = folder / "0"

    def next(self) -> Path:
        """An unused folder to build into."""
        self._number += 1
        return self._folder / str(self._number)

    def show(self) -> None:
        """Shows the build just made; the one before the last goes."""
        self.shown = self._folder / str(self._number)
        for old in self._folder.iterdir():
            if old.name.isdigit() and int(old.name) < self._number - 1:
                shutil.rmtree(old, ignore_errors=True)


class _Handler(SimpleHTTPRequestHandler):
    """GET and HEAD of files, to callers that mean this machine: a page of another site can't read the notes."""

    site: Site
    server_version = "kbtool"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, directory=str(self.site.shown))

    def parse_request(self) -> bool:
        """Refuses requests that name another host, as DNS rebinding makes them."""
        if not super().parse_request():
            return False
        _, port = self.connection.getsockname()[:2]
        if self.headers.get("Host", "") not in (f"{HOST}:{port}", f"localhost:{port}"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return False
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Shows the site's own page for what is not there."""
        page = self.site.shown / "404.html"
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def list_directory(self, path: Any) -> None:  # noqa: ARG002 -- the method that is replaced has it
        """No folder is listed."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Nothing is cached: the next build may change it. The rest of the policy stands in the pages."""
        for name, value in (("Cache-Control", "no-store"), ("Content-Security-Policy", FRAMES), *ALWAYS):
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Requests are not worth a line."""


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
