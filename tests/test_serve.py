"""`kbtool serve`: what is edited is shown at once; a request gets what was built and nothing else."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from argparse import Namespace
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest

from kbtool import disk, server
from kbtool.commands import serve, sessions
from kbtool.render.policy import FRAMES
from kbtool.rules import LEVELS
from tests.conftest import ROOT
from tests.test_incremental_build import MKDOCS

SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def site(tmp_path: Path) -> server.Site:
    folder = tmp_path / "built"
    for path, text in {"index.html": "<body>home</body>", "о/другом/index.html": "<body>другое</body>"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    (folder / "404.html").write_text("<body>nothing here</body>")
    (folder / "a.svg").write_text("<svg/>")
    (tmp_path / "secret").write_text("secret")
    found = server.Site()
    found.show(folder)
    return found


@pytest.fixture
def port(site: server.Site) -> Iterator[int]:
    with server.start(site, 0) as address:
        yield int(address.rstrip("/").rpartition(":")[2])


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest(method, path, skip_host="Host" in named)
    for name, value in named.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer.status, body, dict(answer.getheaders())


def raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while more := connection.recv(65536):
            found += more
    return found


def test_pages_and_files_are_shown(port: int) -> None:
    assert "home" in ask(port, "/")[1]
    assert "другое" in ask(port, "/" + quote("о/другом/"))[1]
    assert ask(port, "/" + quote("о/другом"))[0] == 301
    status, body, headers = ask(port, "/a.svg")
    assert (status, body, headers["Content-Type"]) == (200, "<svg/>", "image/svg+xml; charset=utf-8")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == FRAMES
    assert "Access-Control-Allow-Origin" not in headers


def test_what_the_browser_has_is_not_sent_again(port: int, site: server.Site) -> None:
    mark = ask(port, "/")[2]["ETag"]
    assert ask(port, "/", If_None_Match=mark)[:2] == (304, "")
    site.change({"index.html": b"<body>new</body>"})
    assert ask(port, "/", If_None_Match=mark)[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/../secret", "/%2e%2e/secret", "/%2e%2e/%2e%2e/etc/passwd", "/..%5c..%5csecret", "/%252e%252e/secret"),
        *("//etc/passwd", "/etc/passwd", "/a.svg%00", "/%ff", "/a.svg/", "/./a.svg", "/о/../a.svg", "/index.html/"),
        *("/_kbtool/../a.svg", "/_kbtool/serve.py", "/none"),
    ],
)
def test_what_was_not_built_is_not_there(port: int, path: str) -> None:
    headers = SAME if path.startswith("/_kbtool") else {}
    status, body, _ = ask(port, quote(path, safe="/%"), **{k.replace("-", "_"): v for k, v in headers.items()})
    assert status == 404
    assert "secret" not in body
    assert "root:" not in body


@pytest.mark.parametrize("line", [b"GET http://evil.example/a.svg", b"GET a.svg", b"GET " + b"/" * 65537, b"GET /\0"])
def test_odd_requests_get_nothing(port: int, line: bytes) -> None:
    answer = raw(port, line + b" HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % port)
    assert b"<svg/>" not in answer
    assert answer[9:12] in (b"400", b"404", b"414")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:{port}", "localhost.evil.example", "127.0.0.1", "127.0.0.1:1", ""]
)
def test_another_host_is_refused(port: int, host: str) -> None:
    assert ask(port, "/", Host=host.format(port=port))[0] == 421
    assert ask(port, "/", Host=f"localhost:{port}")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example:{port}"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "odd"},
    ],
    ids=str,
)
def test_another_sites_page_is_refused(port: int, headers: dict[str, str]) -> None:
    named = {name: value.format(port=port) for name, value in headers.items()}
    assert ask(port, "/", **named)[0] == 403
    assert ask(port, "/", Origin=f"http://127.0.0.1:{port}", Sec_Fetch_Site="same-origin")[0] == 200


def test_events_and_scripts_are_for_pages_of_the_site_alone(port: int) -> None:
    for path in ("/_kbtool/events", "/_kbtool/live.js", "/_kbtool/live.css"):
        assert ask(port, path)[0] == 403
        assert ask(port, path, Sec_Fetch_Site="none")[0] == 403
    assert ask(port, "/_kbtool/live.js", Sec_Fetch_Site="same-origin")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_no_request_changes_anything(port: int, method: str) -> None:
    status, _, headers = ask(port, "/", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_an_event_names_the_pages_that_changed(site: server.Site) -> None:
    with site.listening("/о/другом/", 1) as events:
        assert events.get_nowait() == ("problems", "[]")
        site.change({"о/другом/index.html": b"<body>new</body>", "search/x.json": b"{}"})
        kind, data = events.get_nowait()
        assert (kind, json.loads(data)) == ("changed", ["/о/другом/"])
        site.change({"о/другом/index.html": b"<body>new</body>"})
        with pytest.raises(queue.Empty):
            events.get_nowait()


def test_a_page_that_changed_while_it_was_loaded_is_told(site: server.Site) -> None:
    site.change({"index.html": b"<body>new</body>"})
    with site.listening("/", 1) as events:
        assert [events.get_nowait()[0] for _ in range(2)] == ["problems", "changed"]
    with site.listening("/", 2) as events:
        assert [events.get_nowait()[0]] == ["problems"]
        assert events.empty()


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> serve._Show:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(serve, "_PAINTING", 0)
    (tmp_path / "mkdocs.yml").write_text(MKDOCS.format(folders="true", language="ru"), "utf-8")
    for number in range(6):
        write(tmp_path, f"n{number}", f"- page {number}\n")
    write(tmp_path, "a", "- [[n3]]\n- ```python\n  open('ran', 'w')\n  ```\n")
    (tmp_path / "serve").mkdir()
    made = serve._Show(tmp_path / "serve", None)
    made.update(disk.find(tmp_path))
    return made


def write(folder: Path, name: str, text: str) -> None:
    (folder / "kb/pages").mkdir(parents=True, exist_ok=True)
    (folder / f"kb/pages/{name}.md").write_text(text, "utf-8")


def page(shown: serve._Show, address: str) -> str:
    found = shown.site.content(address)
    return found[1].decode("utf-8") if found else ""


def test_an_edit_is_shown_first_on_its_page_then_everywhere(
    shown: serve._Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[list[str]] = []
    change = shown.site.change

    def noted(_: server.Site, files: Mapping[str, bytes | None]) -> None:
        order.append(sorted(path for path in files if path.endswith(".html")))
        change(files)

    monkeypatch.setattr(server.Site, "change", noted)
    write(tmp_path, "n5", "- anew, with [[n4]]\n")
    shown.update(disk.find(tmp_path))
    assert order[0] == ["n5/index.html"]
    assert "n4/index.html" in order[1]
    assert "anew" in page(shown, "/n5/")
    assert "anew" in page(shown, "/n4/")


def test_a_new_note_and_another_setting_are_shown(shown: serve._Show, tmp_path: Path) -> None:
    write(tmp_path, "new", "- new page\n")
    shown.update(disk.find(tmp_path))
    assert "new page" in page(shown, "/new/")
    (tmp_path / "mkdocs.yml").write_text(MKDOCS.format(folders="true", language="en"), "utf-8")
    shown.update(disk.find(tmp_path))
    assert '<html lang="en"' in page(shown, "/new/")


def test_problems_are_told_with_their_places_and_no_code_is_run(shown: serve._Show, tmp_path: Path) -> None:
    with shown.site.listening("/", 99) as events:
        write(tmp_path, "n1", "- [[nowhere]]\n")
        shown.update(disk.find(tmp_path))
        told = [json.loads(data) for kind, data in list(events.queue) if kind == "problems"]
    assert [(one["path"], one["line"], one["column"]) for one in told[-1] if "nowhere" in one["message"]] == [
        ("kb/pages/n1.md", 1, 3)
    ]
    assert not list(tmp_path.rglob("ran"))


def test_problems_are_told_by_their_gravity_with_their_pages(shown: serve._Show, tmp_path: Path) -> None:
    write(tmp_path, "z", "- [[n3]] [[nowhere]]\n")
    shown.update(disk.find(tmp_path))
    told = json.loads(shown.site._problems)
    grades = [LEVELS.index(one["severity"]) for one in told]
    assert grades == sorted(grades, reverse=True)
    assert len(set(grades)) > 1
    assert {one["path"]: one["page"] for one in told}["kb/pages/z.md"] == "/z/"


def test_an_error_of_the_settings_is_told_on_pages_until_it_is_mended(shown: serve._Show, tmp_path: Path) -> None:
    before = json.loads(shown.site._problems)
    good = (tmp_path / "mkdocs.yml").read_text("utf-8")
    (tmp_path / "mkdocs.yml").write_text(good + "\nx: [\n", "utf-8")
    serve._again(shown, Namespace(allow=None))
    told = json.loads(shown.site._problems)
    assert "mkdocs.yml, line" in told[0]["message"]
    assert told[1:] == before
    (tmp_path / "mkdocs.yml").write_text(good, "utf-8")
    serve._again(shown, Namespace(allow=None))
    assert json.loads(shown.site._problems) == before


def test_code_is_run_where_that_is_asked_for(shown: serve._Show, tmp_path: Path) -> None:
    shown._how = sessions.How()
    write(tmp_path, "n2", "- ```python\n  6 * 7\n  ```\n")
    shown.update(disk.find(tmp_path))
    assert ">42<" in page(shown, "/n2/")


def test_the_system_tells_of_an_edit(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text(MKDOCS.format(folders="true", language="ru"), "utf-8")
    write(tmp_path, "a", "- a\n")
    with serve._changes(disk.find(tmp_path)) as changed:
        assert isinstance(changed, threading.Event)
        write(tmp_path, "a", "- b\n")
        assert changed.wait(10)


def test_a_terminated_server_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    (tmp_path / "tmp").mkdir()
    write(tmp_path, "a", "- x\n")
    (tmp_path / "mkdocs.yml").write_text("site_name: x\ndocs_dir: kb\nplugins: [kbtool]\n", "utf-8")
    words = [sys.executable, "-m", "kbtool", "serve", "--port", "0"]
    env = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "tmp"), "XDG_CACHE_HOME": str(tmp_path / "c")}
    with subprocess.Popen(words, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any("serving" in line for line in iter(process.stderr.readline, ""))
        assert len(list((tmp_path / "tmp").iterdir())) == 1  # control
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM
    assert list((tmp_path / "tmp").iterdir()) == []
