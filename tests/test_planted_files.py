"""Secrets planted around a session, not in its environment alone, and notes that try to give each away in all ways."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from kbtool.cells.sandbox import features

ROOT = Path(__file__).parents[1]
VARIABLES = ("GH_TOKEN", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "DATABASE_PASSWORD")
# In which file of the machine, below the folder of the test, and with what around it.
FILES = {
    "ssh": ("home/.ssh/id_ed25519", "-----BEGIN {} KEY-----\n"),
    "netrc": ("home/.netrc", "machine git.example login me password {}\n"),
    "git-credentials": ("home/.git-credentials", "https://me:{}@git.example\n"),
    "aws": ("home/.aws/credentials", "[default]\naws_secret_access_key = {}\n"),
    "outside": ("data/input.csv", "name,key\nme,{}\n"),
    "checkout": ("base/kb/.git/config", "[http]\n\textraheader = AUTHORIZATION: basic {}\n"),
}
SECRETS = (*VARIABLES, "cmdline", "other", *FILES)


def secret(name: str) -> str:
    """Of no known form, and another one in each of its three spellings."""
    return f"{name[:3]}+/{hashlib.sha256(name.encode()).hexdigest()[:20]}?&"


def spellings(name: str) -> Iterator[bytes]:
    whole = secret(name).encode()
    yield whole
    yield base64.b64encode(whole)
    yield quote(whole, safe="").encode()


# What a note does to get a secret: `found` is its text, or empty.
TAKE = """import base64, glob, os, sys, urllib.parse, warnings
def looked(mark, *paths):
    texts = [os.environ.get(mark, "")]
    for path in paths:
        try:
            texts.append(open(path, errors="replace").read())
        except OSError:
            pass
    for text in texts:
        if (at := text.find(mark)) >= 0:
            return text[at:at + 27]
    return ""
found = looked({mark!r}, {path!r}, *glob.glob("/proc/*/environ"), *glob.glob("/proc/*/cmdline"))
tried = "tried"
"""
# How it gets it out; the last is a cell of its own, since an exception ends one.
GIVE = (
    "print('raw', found)",
    "print('base64', base64.b64encode(found.encode()).decode())",
    "print('url', urllib.parse.quote(found, safe=''))",
    "print('stderr', found, file=sys.stderr)",
    "warnings.warn('warned ' + found)",
    "import traceback\ntry:\n    raise ValueError(found)\nexcept ValueError:\n    traceback.print_exc()",
    "class Shown:\n    def _repr_html_(self): return f'<p>{found}</p>'\n    def __repr__(self): return found\nShown()",
)
FIGURE = "import matplotlib.pyplot as plt\nplt.figure(); plt.text(0, 0, found)\nplt.show()"
FILE = "open('artefact.txt', 'w').write(found);"


def cell(code: str, words: str = "") -> str:
    return f"- ```python{words}\n" + "".join(f"  {line}\n" for line in code.splitlines()) + "  ```\n"


def note(name: str, place: Path) -> str:
    code = TAKE.format(mark=secret(name)[:5], path=str(place / FILES[name][0]) if name in FILES else "/nowhere")
    ways = "".join(map(cell, (*GIVE, FILE)))
    figure = cell(FIGURE) if name == "netrc" else ""  # takes most of a session's time
    failing = cell("raise RuntimeError('raised ' + found)", " raises=RuntimeError")
    return "public:: true\n\n" + cell(code) + ways + figure + failing + "- {{val tried}} {{val found}}\n"


class Tried(NamedTuple):
    """A base whose notes were run, recorded and built, and all that this left or said."""

    place: Path
    said: str

    def holding(self, name: str) -> set[str]:
        """Where a secret is found, in any spelling: folders of what was made, and `said`."""
        folders = {"site": "base/site", "records": "base/kb/.kbtool", "cache": "cache"}
        found = {what for what, folder in folders.items() if _holds(self.place / folder, name)}
        return found | ({"said"} if any(form.decode() in self.said for form in spellings(name)) else set())


def _holds(folder: Path, name: str) -> bool:
    texts = (path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return any(form in text for text in texts for form in spellings(name))


@pytest.fixture(scope="module")
def tried(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """The base at a level of isolation, `request.param`."""
    place = tmp_path_factory.mktemp(request.param)
    for name, (path, around) in FILES.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(around.format(secret(name)), "utf-8")
    (place / "base/kb/pages").mkdir()
    settings = "site_name: a\ndocs_dir: kb\ntheme: {name: material, font: false}\nplugins: [kbtool]\n"
    (place / "base/mkdocs.yml").write_text(settings, "utf-8")
    for name in SECRETS:
        (place / f"base/kb/pages/{name}.md").write_text(note(name, place), "utf-8")
    environment = os.environ | {name: secret(name) for name in VARIABLES}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "XDG_CACHE_HOME": str(place / "cache")}
    environment["HOME"] = str(place / "home")
    tool = [sys.executable, "-m", "kbtool"]
    # A process of the same person that carries secrets, as a daemon or an agent does.
    words = [sys.executable, "-c", "import time; time.sleep(600)", secret("cmdline")]
    with subprocess.Popen(words, env=os.environ | {"X": secret("other")}) as other:
        said = ""
        for command in (["run", "--record"], ["build"]):
            done = subprocess.run(
                [*tool, *command, "--sandbox", request.param],
                cwd=place / "base",
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            said += f"$ {command}\n{done.stdout}{done.stderr}"
        other.kill()
    return Tried(place, said)


needs_bwrap = pytest.mark.skipif(not features()[0].works, reason=f"no bubblewrap: {features()[0].why}")


@needs_bwrap
@pytest.mark.parametrize("tried", ["auto", "strict"], indirect=True)
def test_no_secret_gets_anywhere(tried: Tried) -> None:
    assert f"records: {len(SECRETS)} written" in tried.said, tried.said
    assert "site: site/index.html" in tried.said
    pages = [tried.place / f"base/site/{name.lower().replace('_', '-')}/index.html" for name in SECRETS]
    assert [path for path in pages if "tried" not in path.read_text("utf-8")] == []  # each note ran to its end
    assert {name: where for name in SECRETS if (where := tried.holding(name))} == {}


@pytest.mark.parametrize("tried", ["none"], indirect=True)
def test_without_a_sandbox_each_is_got_and_what_a_variable_holds_is_kept_nowhere(tried: Tried) -> None:
    where = {name: tried.holding(name) for name in SECRETS}
    assert {name for name, found in where.items() if "cache" not in found} == set(VARIABLES), tried.said
    assert {name for name, found in where.items() if "records" not in found} == set(VARIABLES)
    assert not (tried.place / "base/site").exists()
    for name in VARIABLES:
        assert f"stdout) has the value of the environment variable {name}, and results are published" in tried.said
    assert "said" not in set().union(*where.values())
