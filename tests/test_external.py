"""`check --external` against a real server on this machine; no other host is ever asked."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kbtool.addresses import Answer, addresses, is_askable, problems
from kbtool.asking import Manners, ask
from kbtool.config import GraphSettings
from kbtool.note import Note, lower
from kbtool.syntax.parse import parse
from kbtool.values import Diagnostic, NoteId, Source
from tests.conftest import Run

PAGES: Mapping[str, tuple[int, str]] = {
    "/here": (200, ""),
    "/gone": (404, ""),
    "/moved": (301, "/here"),
    "/for-now": (302, "/here"),
    "/around": (302, "/around"),
    "/broken": (503, ""),
    "/closed": (403, ""),
}
BAD_AT_HEAD = "/no-head"


class Host(ThreadingHTTPServer):
    """A host that counts what it is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.asked: list[str] = []

    def url(self, path: str, name: str = "127.0.0.1") -> str:
        return f"http://{name}:{self.server_port}{path}"


class Pages(BaseHTTPRequestHandler):
    """Answers from the table above."""

    def answer(self) -> None:
        assert isinstance(self.server, Host)
        self.server.asked.append(f"{self.command} {self.path}")
        if self.path == BAD_AT_HEAD:
            status, location = (404, "") if self.command == "HEAD" else (200, "")
        elif self.path == "/elsewhere":
            status, location = 301, self.server.url("/here", "localhost")
        else:
            status, location = PAGES[self.path]
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET = answer  # noqa: N815 -- names that http.server wants

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


MANNERS = Manners(("127.0.0.1",), timeout=2.0, pause=0.0)


def note(text: str) -> Note:
    source = Source(NoteId("a.md"), text)
    return lower(source, parse(source), GraphSettings())


def told(url: str, cache: Path, manners: Manners = MANNERS) -> list[Diagnostic]:
    text = f"- see [a page]({url})\n"
    places = addresses([note(text)])
    answers = ask(places, manners, cache / "answers.json", lambda _done, _total: None)
    return list(problems(places, answers, {NoteId("a.md"): text}))


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/here", None),
        ("/closed", None),
        ("/for-now", None),
        (BAD_AT_HEAD, None),
        ("/gone", "external-link"),
        ("/moved", "external-link-moved"),
        ("/broken", "external-link-unreachable"),
        ("/around", "external-link-unreachable"),
    ],
)
def test_what_an_answer_means(host: Host, tmp_path: Path, path: str, rule: str | None) -> None:
    assert [one.rule for one in told(host.url(path), tmp_path)] == ([rule] if rule else [])


def test_a_moved_page_gets_its_new_address_and_keeps_its_fragment(host: Host, tmp_path: Path) -> None:
    (found,) = told(host.url("/moved#part"), tmp_path)
    assert found.fix is not None
    assert [edit.text for edit in found.fix.edits] == [host.url("/here#part")]


def test_a_host_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (found,) = told(f"http://127.0.0.1:{port}/", tmp_path)
    assert found.message == "`127.0.0.1` cannot be asked: it refuses connections"


def test_a_host_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        (found,) = told(f"http://127.0.0.1:{silent.getsockname()[1]}/", tmp_path, MANNERS_OF_HASTE)
    assert found.message == "`127.0.0.1` cannot be asked: no answer in time"


MANNERS_OF_HASTE = Manners(("127.0.0.1",), timeout=0.2, pause=0.0)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "127.1", "2130706433"])
def test_private_addresses_are_not_asked(host: Host, tmp_path: Path, name: str) -> None:
    assert told(host.url("/gone", name), tmp_path, Manners()) == []
    assert host.asked == []


def test_a_private_address_that_is_allowed_is_asked(host: Host, tmp_path: Path) -> None:
    told(host.url("/gone"), tmp_path, Manners((f"127.0.0.1:{host.server_port}",)))
    assert host.asked == ["HEAD /gone", "GET /gone"]


def test_a_redirect_does_not_lead_to_a_private_address(host: Host, tmp_path: Path) -> None:
    (found,) = told(host.url("/elsewhere"), tmp_path)
    assert "private address" in found.message
    assert host.asked == ["HEAD /elsewhere"]


def test_answers_are_kept_for_some_days(host: Host, tmp_path: Path) -> None:
    assert told(host.url("/gone"), tmp_path) == told(host.url("/gone"), tmp_path)
    assert len(host.asked) == 2
    told(host.url("/gone"), tmp_path, Manners(("127.0.0.1",), days=1e-9))
    assert len(host.asked) == 4


def test_what_could_not_be_asked_is_asked_again(host: Host, tmp_path: Path) -> None:
    told(host.url("/around"), tmp_path)
    before = len(host.asked)
    told(host.url("/around"), tmp_path)
    assert len(host.asked) == 2 * before


@pytest.mark.parametrize("kept", ["", "[1]", "nonsense", '[["u", "v", "w", "x"]]'])
def test_a_cache_that_cannot_be_read_is_none(host: Host, tmp_path: Path, kept: str) -> None:
    (tmp_path / "answers.json").write_text(kept)
    assert len(told(host.url("/gone"), tmp_path)) == 1


@pytest.mark.parametrize(
    "url", ["ftp://example.org", "http://", "http://[::1", "http://a@example.org", "mailto:a@b.c", "http://x:99999/"]
)
def test_not_askable(url: str) -> None:
    assert not is_askable(url)
    assert is_askable("https://example.org/x")


def test_an_address_is_asked_once_and_reported_everywhere() -> None:
    places = addresses([note("- https://example.org/x and [y](https://example.org/x#y)\n")])
    found = problems(places, {"https://example.org/x": Answer(404)}, {})
    assert [tuple(one.span) for one in found] == [(2, 23), (32, 55)]


def test_check_asks_when_told_to(kbtool: Run, host: Host, tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text(
        "docs_dir: kb\nplugins:\n  - kbtool:\n      external_allow: [127.0.0.1]\n", "utf-8"
    )
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb" / "a.md").write_text(f"- [x]({host.url('/gone')})\n", "utf-8")
    assert kbtool("check", cwd=tmp_path).returncode == 0
    assert host.asked == []
    done = kbtool(
        "check", "--external", "--ignore", "orphan-page", "--format", "json", cwd=tmp_path, XDG_CACHE_HOME=str(tmp_path)
    )
    assert [json.loads(line)["rule"] for line in done.stdout.splitlines()] == ["external-link"]
    assert done.returncode == 1
