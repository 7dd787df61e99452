"""Note code in a sandbox: no way out of it leads out, as any user, and without the sandbox each does."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from kbtool import cells
from kbtool.cells.grants import own
from kbtool.cells.sandbox import Wanted, features, found
from kbtool.config import KbError
from tests.accounts import as_an_account, give
from tests.conftest import Run

ROOT = Path(__file__).parents[1]
ESCAPES = (ROOT / "tests" / "hostile" / "escapes.py").read_text("utf-8")
TOKEN = "planted-token-9f3a"
NOTHING: Mapping[str, str] = MappingProxyType({})
# As an ordinary user: one that has no rights but those of a file's owner; and as an account that owns nothing else.
USERS = {
    "as it comes": [],
    "as a user": ["unshare", "--user", "--map-user=1000", "--map-group=1000"],
    "as an account": as_an_account(),
}
needs_bwrap = pytest.mark.skipif(not features()[0].works, reason=f"no bubblewrap: {features()[0].why}")


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """Who runs `kbtool`; where nobody but root can become another account, whoever runs the tests is one."""
    name = str(getattr(request, "param", "as it comes"))
    if name == "as an account" and os.geteuid():
        pytest.skip("only root can become another account; whoever runs this is one")
    return name


@pytest.fixture
def outside(user: str) -> Iterator[dict[str, Any]]:
    """What lies around a session, all of it the user's: files, sockets, processes."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for folder in (place / "home", place / "cache", place / "kb" / "pages"):
            folder.mkdir(parents=True)
        (place / "home/key").write_text("secret", "utf-8")
        (place / "kb/pages/given.md").write_text("- words\n", "utf-8")
        if user == "as an account":
            give(place)
        yield from _around(place, USERS[user])


def _around(tmp_path: Path, user: Sequence[str]) -> Iterator[dict[str, Any]]:
    home = tmp_path / "home"
    tcp, udp = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    plain, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    plain.bind(str(home / "socket"))
    shutil.chown(home / "socket", home.stat().st_uid, home.stat().st_gid)
    abstract.bind(f"\0kbtool-{os.getpid()}")
    for listening in (plain, abstract):
        listening.listen()

    def answer() -> None:
        while True:
            try:
                _, sender = udp.recvfrom(1)
                udp.sendto(b"!", sender)
            except OSError:
                return

    threading.Thread(target=answer, daemon=True).start()
    sleep = [*user[user.index("setpriv") :], "sleep", "1000"] if "setpriv" in user else ["sleep", "1000"]
    with subprocess.Popen(sleep, env={**os.environ, "TOKEN": TOKEN}) as sleeping:
        yield {
            "secret": str(home / "key"),
            "socket": str(home / "socket"),
            "abstract": f"kbtool-{os.getpid()}",
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "pid": sleeping.pid,
            "token": TOKEN,
            "cache": str(tmp_path / "cache"),
            "base": str(tmp_path / "kb"),
            "note": str(tmp_path / "kb/pages/given.md"),
            "package": pytest.__file__,
            "kbtool": cells.__file__,
        }
        sleeping.kill()
    for line in (tcp, udp, plain, abstract):
        line.close()


def note(*lines: str) -> str:
    return "- ```python\n" + "".join(f"  {line}\n" for line in "\n".join(lines).splitlines()) + "  ```\n"


def kbtool(
    base: Path,
    words: Sequence[str],
    user: Sequence[str] = (),
    given: Mapping[str, str] = NOTHING,
    *,
    program: Sequence[str] = ("-m", "kbtool"),
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(base.parent / "cache"), "TOKEN": TOKEN}
    environment |= given
    if "setpriv" in user:
        environment |= {"HOME": str(base.parent / "home")}
    command = [*user, sys.executable, *program, *words]
    return subprocess.run(command, cwd=base.parent, env=environment, capture_output=True, text=True, check=False)


OTHER = """import os, time
open("own", "w").write("x")
for _ in range({tries}):
    if not os.path.exists("seen"):
        time.sleep(0.1)"""
SAID = "raise SystemError(json.dumps(escapes()))"


def ways_out(
    outside: dict[str, Any], level: str, user: Sequence[str], program: Sequence[str] = ("-m", "kbtool")
) -> set[str]:
    base = Path(outside["base"])
    told = f"GIVEN.update({outside!r})"
    (base / "pages/escapes.md").write_text(
        note(ESCAPES, told, "import json; open('own', 'w').write('x')", SAID), "utf-8"
    )
    (base / "pages/other.md").write_text(note(OTHER.format(tries=200 if level == "none" else 40)), "utf-8")
    done = kbtool(base, ["run", "kb", "--force", "--sandbox", level, "--jobs", "2"], user, program=program)
    assert "1 ran, 1 failed" in done.stdout, done.stdout + done.stderr
    said = next(line for line in done.stdout.splitlines() if line.startswith("error[cell-failed]: SystemError: "))
    planted = {
        "write_into_the_cache": Path(outside["cache"], "planted.json"),
        "write_beside_the_base": base.parent / "planted.txt",
    }
    # What was written where only the session sees it did not get out.
    return {
        name for name in json.loads(said.partition("SystemError: ")[2]) if name not in planted or planted[name].exists()
    }


@needs_bwrap
@pytest.mark.parametrize("user", USERS, indirect=True)
@pytest.mark.parametrize("level", ["auto", "strict"])
def test_no_way_leads_out(outside: dict[str, Any], level: str, user: str) -> None:
    assert ways_out(outside, level, USERS[user]) == set()


@pytest.mark.parametrize("user", ["as it comes", "as an account"], indirect=True)
def test_without_a_sandbox_each_leads_out(outside: dict[str, Any], user: str) -> None:
    every = {
        line.removeprefix("def ").partition("(")[0] for line in ESCAPES.splitlines() if line.startswith("def ")
    } - {"in_a_child", "escapes"}
    assert len(every) >= 25
    # What another account installed is safe from this one without any sandbox.
    others = {"change_an_installed_package", "change_kbtool_itself"} if user == "as an account" else set()
    assert every - ways_out(outside, "none", USERS[user]) == others


# A kbtool to which a wall is not there.
LESS = """
import sys
from kbtool.cells import confine, sandbox
from kbtool.cli import main
{}
sys.exit(main(sys.argv[1:]))
"""
ALONE = LESS.format("sandbox._tried = lambda: ('', 'it is hidden', False)")
WITHOUT_LANDLOCK = LESS.format("confine.landlock_version = lambda: 0")


@needs_bwrap
@pytest.mark.parametrize("user", USERS, indirect=True)
def test_without_landlock_no_way_leads_out_either(outside: dict[str, Any], user: str) -> None:
    assert ways_out(outside, "auto", USERS[user], ("-c", WITHOUT_LANDLOCK)) == set()


@pytest.mark.skipif("signals" not in features()[1].why, reason=f"Landlock: {features()[1].why}")
@pytest.mark.skipif(not features()[2].works, reason=f"no seccomp: {features()[2].why}")
@pytest.mark.parametrize("user", ["as it comes", "as an account"], indirect=True)
def test_without_bubblewrap_no_way_leads_out_either(outside: dict[str, Any], user: str) -> None:
    assert ways_out(outside, "auto", USERS[user], ("-c", ALONE)) == set()


# They end by themselves, should nobody end them: nobody but the sandbox counts the processes of root.
LIT = "import os, subprocess, threading, time\nend = time.monotonic() + 20\nwhile time.monotonic() < end:\n    "
BOMBS = {
    "processes that wait": "if os.fork() == 0:\n        time.sleep(20)",
    "processes that fork": "os.fork()",
    "programs": "subprocess.Popen(['sleep', '20'])",
    "threads": "threading.Thread(target=time.sleep, args=(20,), daemon=True).start()",
}


def exploded(base: Path, level: str, given: tuple[str, Sequence[str]], *words: str) -> str:
    """Why the session of a bomb has failed."""
    (base / "pages/bomb.md").write_text(note(given[0]), "utf-8")
    done = kbtool(base, ["run", "kb", "--sandbox", level, *words], given[1])
    assert done.returncode == 1
    return next(line for line in done.stdout.splitlines() if line.startswith("error["))


@pytest.mark.parametrize("user", ["as it comes", "as an account"], indirect=True)
# Were one that doubles not defused outside of a sandbox, the whole machine would stand still.
@pytest.mark.parametrize(
    ("level", "bomb"),
    [
        *(pytest.param("auto", bomb, marks=needs_bwrap) for bomb in BOMBS),
        *(("none", bomb) for bomb in BOMBS if bomb != "processes that fork"),
    ],
)
def test_a_bomb_is_defused(outside: dict[str, Any], level: str, bomb: str, user: str) -> None:
    said = exploded(Path(outside["base"]), level, (LIT + BOMBS[bomb], USERS[user]))
    assert said.startswith("error[cell-failed]: ProcessLimit: ")


@needs_bwrap
def test_what_only_is_not_there_yet_is_no_bomb(outside: dict[str, Any]) -> None:
    code = "import os\nheard, _ = os.pipe()\nos.set_blocking(heard, False)\nos.read(heard, 1)"
    said = exploded(Path(outside["base"]), "auto", (code, ()))
    assert said == "error[cell-failed]: BlockingIOError: [Errno 11] Resource temporarily unavailable"


@pytest.mark.parametrize("level", ["auto", "strict"])
@needs_bwrap
def test_files_in_memory_have_a_limit(outside: dict[str, Any], level: str) -> None:
    if not found(Wanted()).sizes:
        pytest.skip("bubblewrap is older than 0.7")
    filling = "for n in range(9):\n    open(f'/dev/shm/{n}', 'wb').write(bytes(50 << 20))"
    said = exploded(Path(outside["base"]), level, (filling, ()), "--memory", "300M")
    assert said == "error[cell-failed]: OSError: [Errno 28] No space left on device"


def test_a_person_s_settings_cannot_take_the_sandbox_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "kbtool").mkdir()
    (tmp_path / "kbtool/kbtool.yml").write_text("sandbox: none\n", "utf-8")
    with pytest.raises(KbError, match="`sandbox: none` is for the command line alone"):
        own()
    (tmp_path / "kbtool/kbtool.yml").write_text("sandbox: strict\n", "utf-8")
    assert own().level == "strict"


def test_strict_is_refused_where_there_is_no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kbtool.cells.sandbox.shutil.which", lambda *_, **__: None)
    with pytest.raises(KbError, match="--sandbox strict needs bubblewrap: it is not installed"):
        found(Wanted("strict"))
    got = found(Wanted("auto"))  # which takes what there is
    assert (got.bwrap, got.landlock, got.seccomp) == ("", features()[1].works, features()[2].works)


def test_the_base_grants_nothing(tmp_path: Path) -> None:
    (tmp_path / "kb/pages").mkdir(parents=True)
    (tmp_path / "kb/pages/a.md").write_text(note("1"), "utf-8")
    (tmp_path / "mkdocs.yml").write_text("docs_dir: kb\nplugins:\n  - kbtool: {sandbox: none}\n", "utf-8")
    done = kbtool(tmp_path / "kb", ["run"])
    assert done.returncode == 2
    assert "sandbox" in done.stderr


def test_a_grant_opens_the_network(outside: dict[str, Any]) -> None:
    base = Path(outside["base"])
    code = f"import socket; socket.create_connection(('127.0.0.1', {outside['tcp']}), timeout=5).close()"
    (base / "pages/a.md").write_text(note(code), "utf-8")
    assert kbtool(base, ["run", "kb"]).returncode == (1 if features()[0].works or features()[2].works else 0)
    assert kbtool(base, ["run", "kb", "--allow", "net"]).returncode == 0


# ---------------------------------------------------------------- what is there to see


def seen(
    base: Path, level: str, paths: Sequence[Path], program: Sequence[str] = ("-m", "kbtool"), **given: str
) -> list[bool]:
    """Which of the files a session can read."""
    (base / "pages").mkdir(parents=True, exist_ok=True)
    code = f"found = []\nfor path in {[str(path) for path in paths]!r}:\n"
    code += (
        "    try:\n        found.append(bool(open(path).read()))\n    except OSError:\n        found.append(False)\n"
    )
    (base / "pages/a.md").write_text(note(code + "raise SystemError(found)"), "utf-8")
    done = kbtool(base, ["run", str(base), "--force", "--sandbox", level], given=given, program=program)
    said = next(line for line in done.stdout.splitlines() if line.startswith("error[cell-failed]: SystemError: "))
    found: list[bool] = json.loads(said.partition("SystemError: ")[2].lower())
    return found


def written(*paths: Path) -> list[Path]:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("secret", "utf-8")
    return list(paths)


@needs_bwrap
@pytest.mark.parametrize("level", ["auto", "strict"])
def test_walls_do_not_hang_on_the_path_of_programs(tmp_path: Path, level: str) -> None:
    secret = written(tmp_path / "home/key")
    assert seen(tmp_path / "kb", "none", secret, PATH="/nowhere") == [True]
    assert seen(tmp_path / "kb", level, secret, PATH="/nowhere") == [False]


@needs_bwrap
def test_what_git_keeps_is_hidden_at_any_depth(tmp_path: Path) -> None:
    base = tmp_path / "kb"
    kept = written(base / ".git/config", base / "sub/.git/config", base / ".hidden/deep/er/.git/config")
    other = written(base / "sub/.gitignore", base / "sub/git/config")
    assert seen(base, "auto", [*kept, *other]) == [False] * 3 + [True] * 2


@needs_bwrap
def test_without_landlock_the_base_is_seen_as_with_it(tmp_path: Path) -> None:
    files = written(tmp_path / "kb/data/text", tmp_path / "kb/.git/config", tmp_path / "home/key")
    for program in (("-m", "kbtool"), ("-c", WITHOUT_LANDLOCK)):
        assert seen(tmp_path / "kb", "auto", files, program) == [True, False, False]
    assert seen(tmp_path / "kb", "strict", files) == [False, False, False]


@pytest.mark.skipif(not any(one.works for one in features()[:2]), reason="no walls of files")
def test_what_is_hidden_at_home_is_so_where_that_is_the_base(tmp_path: Path) -> None:
    files = written(tmp_path / "home/.ssh/key", tmp_path / "home/.netrc", tmp_path / "home/notes/text")
    for base in (tmp_path / "home", tmp_path):
        assert seen(base, "auto", files, HOME=str(tmp_path / "home")) == [False, False, True]
    assert seen(tmp_path, "auto", files, HOME="/elsewhere") == [True, True, True]


@pytest.mark.skipif(not any(one.works for one in features()[:2]), reason="no walls of files")
@pytest.mark.parametrize("level", ["auto", pytest.param("strict", marks=needs_bwrap)])
def test_of_a_package_that_is_edited_only_modules_are_seen(tmp_path: Path, level: str) -> None:
    project = tmp_path / "project"
    files = written(project / "kb/key", project / "README.md", project / ".env")
    modules = written(project / "package/__init__.py", project / "package/data.txt", project / "module.py")
    found = seen(tmp_path / "kb", level, [*files, *modules], PYTHONPATH=f"{ROOT}:{project}")
    assert found == [False] * 3 + [True] * 3


@needs_bwrap
def test_under_strict_a_package_of_the_base_is_seen_whole(kbtool: Run, tmp_path: Path) -> None:
    for path, text in {
        "pages/a.md": "- ```python\n  import tools\n  print(tools.X)\n  ```\n",
        "tools/__init__.py": "from tools.inner import X\n",
        "tools/inner.py": "X = 41 + 1\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    done = kbtool("run", "--sandbox", "strict", str(tmp_path / "pages/a.md") + "#1", XDG_CACHE_HOME=str(tmp_path / "c"))
    assert (done.returncode, "42" in done.stdout) == (0, True), done.stderr


@needs_bwrap
def test_under_strict_fonts_are_listed_once(tmp_path: Path) -> None:
    code = "import matplotlib.pyplot, os\nfrom matplotlib import font_manager\nfont_manager._load_fontmanager()\n"
    code += "kept = matplotlib.get_cachedir()\n(name,) = (one for one in os.listdir(kept) if one[:4] == 'font')\n"
    code += "raise SystemError(os.listdir(), os.stat(f'{kept}/{name}').st_ino)"
    (tmp_path / "kb/pages").mkdir(parents=True)
    (tmp_path / "kb/pages/a.md").write_text(note(code), "utf-8")
    for _ in range(2):
        done = kbtool(tmp_path / "kb", ["run", "kb", "--force", "--sandbox", "strict"])
        (kept,) = tmp_path.glob("cache/kbtool/matplotlib/fontlist-*")
        assert f"SystemError: ([], {kept.stat().st_ino})" in done.stdout, done.stdout
