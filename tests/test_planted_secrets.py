"""Twelve secrets in the environment of `kbtool`, and notes that look for them everywhere and print what they find.

Under a sandbox none is found: not on the site, in records, in the cache, or in what is said. Without one all are found,
and then neither recorded nor published.
"""

from __future__ import annotations

import base64
import random
import string
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from kbtool.cells.sandbox import features
from kbtool.cells.secrets import Private, findings, secret_forms
from tests.conftest import Run

NAMES = (
    *("GH_TOKEN", "AWS_SECRET_ACCESS_KEY", "DATABASE_PASSWORD", "OPENAI_API_KEY", "SESSION_COOKIE", "NPM_TOKEN"),
    *("SSH_PASSPHRASE", "STRIPE_SECRET", "PYPI_TOKEN", "SENTRY_DSN", "GITLAB_PAT", "GOOGLE_CREDENTIALS"),
)
"""The variable of each secret; the place in this list is the way in which a note gives it away."""
LOOK = """import base64, os, pathlib, sys, urllib.parse, warnings
def looked_for(name):
    if name in os.environ:
        return os.environ[name]
    for folder in pathlib.Path("/proc").iterdir():
        try:
            for line in (folder / "environ").read_bytes().split(b"\\0"):
                if line.startswith(name.encode() + b"="):
                    return line.partition(b"=")[2].decode()
        except OSError:
            continue
    return "nothing of " + name
class Shown:
    def __init__(self, html="", svg=""):
        self.html, self.svg = html, svg
    def _repr_html_(self):
        return self.html or None
    def _repr_svg_(self):
        return self.svg or None
"""
WAYS = (
    "print({0})",
    "print(base64.b64encode({0}.encode()).decode())",
    "print(urllib.parse.quote({0}, safe=''))",
    "sys.stderr.write({0})",
    "warnings.warn({0})",
    "{0}",
    "Shown(html='<table><tr><td>' + {0} + '</td></tr></table>')",
    "Shown(svg='<svg xmlns=\"http://www.w3.org/2000/svg\"><text>' + {0} + '</text></svg>')",
    "print(base64.b64encode(('Basic user:' + {0} + '@host').encode()).decode())",
    "print(base64.urlsafe_b64encode(('u' + {0}).encode()).decode())",
    "os.system('printf %s \"' + {0} + '\"')",
    "raise RuntimeError({0})",
)


def planted() -> dict[str, str]:
    """Values with signs that base64 and addresses write otherwise."""
    given = random.Random(7)
    letters = string.ascii_letters + string.digits + "/+=?&~"
    return {name: "".join(given.choices(letters, k=30 + number)) for number, name in enumerate(NAMES)}


SECRETS = planted()
needs_bwrap = pytest.mark.skipif(not features()[0].works, reason=f"no bubblewrap: {features()[0].why}")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    (folder / "kb/pages").mkdir(parents=True)
    (folder / "kb/pages/Start.md").write_text("- [[1]]\n", "utf-8")
    for number, (name, way) in enumerate(zip(NAMES, WAYS, strict=True), 1):
        code = f"{LOOK}{way.format(f'looked_for({name!r})')}\n"
        indented = "".join(f"  {line}\n" for line in code.splitlines())
        raises = " raises=RuntimeError" if way.startswith("raise") else ""
        (folder / f"kb/pages/{number}.md").write_text(f"- [[Start]]\n- ```python{raises}\n{indented}  ```\n", "utf-8")
    settings = "site_name: a\ndocs_dir: kb\ntheme: {name: material, font: false}\nplugins: [kbtool]\n"
    (folder / "mkdocs.yml").write_text(settings, "utf-8")
    return folder


def forms(value: str) -> list[bytes]:
    """A secret as it is, in an address, and in base64, wherever it stands in what was encoded."""
    found = [value, quote(value, safe="")]
    for before in range(3):
        digits = base64.b64encode(b"x" * before + value.encode()).decode().rstrip("=")
        found += [digits[4:-2], digits[4:-2].replace("+", "-").replace("/", "_")]
    return [one.encode() for one in found]


def unpacked(data: bytes) -> Iterator[bytes]:
    """Bytes, and whatever is packed in them."""
    yield data
    for start in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        at = data.find(start)
        while at >= 0:
            with suppress(zlib.error):
                yield zlib.decompressobj().decompress(data[at:])
            at = data.find(start, at + 1)


def given_away(*places: Path | str) -> set[str]:
    """The variables whose values are met in files and texts."""
    found: set[str] = set()
    for place in places:
        files = (
            [place.encode()] if isinstance(place, str) else (p.read_bytes() for p in place.rglob("*") if p.is_file())
        )
        for data in (one for file in files for one in unpacked(file)):
            found |= {name for name, value in SECRETS.items() if any(form in data for form in forms(value))}
    return found


def test_what_is_looked_for_would_be_found(tmp_path: Path) -> None:
    for name, value in SECRETS.items():
        (tmp_path / name).write_text(f"x {value} y", "utf-8")
    assert given_away(tmp_path) == set(NAMES)


def run(kbtool: Run, base: Path, *words: str) -> tuple[int, str]:
    done = kbtool(*words, cwd=base, XDG_CACHE_HOME=str(base.parent / "cache"), **SECRETS)
    return done.returncode, done.stdout + done.stderr


@needs_bwrap
@pytest.mark.parametrize("level", ["auto", "strict"])
def test_no_secret_gets_anywhere(kbtool: Run, base: Path, level: str) -> None:
    recorded = run(kbtool, base, "run", "--record", "--sandbox", level)
    built = run(kbtool, base, "build", "--sandbox", level)
    assert (recorded[0], built[0]) == (0, 0), recorded[1] + built[1]
    records = base / "kb/.kbtool/records"
    assert len(list(records.rglob("*.json"))) == len(NAMES)
    assert given_away(base / "site", records, base.parent / "cache", recorded[1], built[1]) == set()
    assert "nothing of GH_TOKEN" in (base / "site/1/index.html").read_text("utf-8")


def test_control_without_a_sandbox_all_are_found_and_none_is_recorded_or_published(kbtool: Run, base: Path) -> None:
    status, said = run(kbtool, base, "run", "--record", "--sandbox", "none")
    assert status == 1
    assert given_away(base.parent / "cache") == set()
    assert said.count("its results are not kept") == len(NAMES)
    assert {name for name in NAMES if f"the value of the environment variable {name}" in said} == set(NAMES)
    status, said = run(kbtool, base, "build", "--sandbox", "none")
    assert (status, (base / "site").exists()) == (1, False)
    assert {name for name in NAMES if f"has the value of the environment variable {name}" in said} == set(NAMES)
    assert given_away(base / "kb/.kbtool", said) == set()


def test_a_secret_of_the_environment_in_a_note_is_not_published(kbtool: Run, base: Path) -> None:
    (base / "kb/pages/Start.md").write_text(f"- x\n- it is {SECRETS['GH_TOKEN']}, see [[1]]\n", "utf-8")
    status, said = run(kbtool, base, "build", "--no-run")
    assert (status, (base / "site").exists()) == (1, False)
    assert "error[secret]: the note has the value of the environment variable GH_TOKEN" in said
    assert "pages/Start.md:2:9" in said
    assert given_away(said) == set()


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("GH_TOKEN", "a1b2c3d4", True),
        ("MY_KEY", "a1b2c3d4", True),
        ("API_KEY", "a1b2c3d", False),
        ("GIT_TOKEN_FILE", "/run/secrets/token", False),
        ("XDG_SESSION_COOKIE_PATH", "/run/user/1/cookie", False),
        ("KEYBOARD", "a1b2c3d4", False),
        ("PATH", "/usr/local/bin", False),
        ("LANG", "ru_RU.UTF-8", False),
    ],
)
def test_variables_are_secret_by_their_names(name: str, value: str, secret: bool) -> None:
    assert list(findings(f"x {value} x", Private({}, secret_forms({name: value})))) == (
        [f"the value of the environment variable {name}"] if secret else []
    )
