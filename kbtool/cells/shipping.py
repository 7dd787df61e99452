"""Sessions that are run elsewhere: what is sent of the base, and how one is run there and its outcome comes back.

What is sent is JSON, and the bytes of files by their digests: of the base a session has there what it declares and the
modules that it imports, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kbtool import __version__
from kbtool.cells.digests import Digests
from kbtool.cells.environment import distributions, machine_device, read_environment
from kbtool.cells.events import OnEvent
from kbtool.cells.inputs import module_files
from kbtool.cells.library import Imported, Module
from kbtool.cells.machine import HERE, Machine, machine
from kbtool.cells.observed import Looked
from kbtool.cells.plan import Session, Step
from kbtool.cells.process import House, machine_paths
from kbtool.cells.removing import remove
from kbtool.cells.reports import without_paths
from kbtool.cells.sandbox import Wanted
from kbtool.cells.store import decode, default_folder, encode
from kbtool.cells.workers import Settings, run
from kbtool.config import KbError
from kbtool.outcomes import Observed, Outcome


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent of a session: `task` is JSON, `files` are contents by digest."""

    task: str
    files: Mapping[str, bytes]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files.values()))


# ---------------------------------------------------------------- here


def parcel(session: Session, settings: Settings) -> Parcel:
    """A session with what it needs; raises KbError where an input is another one than when its key was made."""
    planned = {path: digest for found in json.loads(session.decides)["inputs"].values() for path, digest in found}
    files: dict[str, bytes] = {}
    names: dict[str, str] = {}
    for path, place in _paths(session, settings.base):
        with suppress(FileNotFoundError):  # gone since it was listed: the session finds that out
            data = place.read_bytes()
            names[path] = hashlib.sha256(data).hexdigest()
            files[names[path]] = data
            if planned.get(path, names[path]) != names[path]:
                raise KbError(f"{path} changed while sessions ran\nrun again")
    task = {
        "session": asdict(session),
        "names": names,
        "threads": settings.threads,
        "memory": settings.memory,
        "wanted": [settings.wanted.level, sorted(settings.wanted.grants)],
        "shown": _shown(settings),
    }
    return Parcel(json.dumps(task), files)


def _paths(session: Session, base: Path | None) -> Iterator[tuple[str, Path]]:
    """The files of the base that a session needs, with their places."""
    if base is not None:
        yield from ((path, base / path) for path in session.files)
        yield from ((path, base / path) for path in module_files(base, session.imports))


def _shown(settings: Settings) -> str:
    """What outputs of sessions that run here call the base."""
    nowhere = str(settings.folder / "nowhere")
    return without_paths(str(settings.base), machine_paths(nowhere, House(settings.folder, settings.folder)))


def unpacked(answer: str, session: Session, here: Machine) -> Outcome:
    """The outcome that came back, as one of this base."""
    told = json.loads(answer)
    outcome = decode(told["outcome"].encode(), session.key)
    return replace(outcome, note=session.note, observed=here.taken_over(outcome.observed, _folders(told["searched"])))


def _folders(told: object) -> list[str]:
    """Folders below the base, which a worker named."""
    found = [one for one in told if isinstance(one, str)] if isinstance(told, list) else []
    return [one for one in found if not one.startswith("/") and ".." not in one.split("/")]


# ---------------------------------------------------------------- there


def described(modules: Iterable[str]) -> dict[str, Any]:
    """What must be the same there as here: kbtool, Python, and the versions of what sessions import."""
    major, minor, _ = platform.python_version_tuple()
    found = distributions(modules)
    packages = {name: [one.partition("+")[0] for one in found.get(name, ())] for name in sorted(modules)}
    return {"kbtool": __version__, "Python": f"{major}.{minor}", "packages": packages}


def difference(here: Mapping[str, Any], there: Mapping[str, Any]) -> str:
    """What is another one there, in words; empty when nothing is."""
    for name in ("kbtool", "Python"):
        if here[name] != there[name]:
            return f"it has {name} {there[name]}, and here is {here[name]}"
    for name, versions in here["packages"].items():
        found = there["packages"].get(name, [])
        if found != versions:
            return f"it has {_listed(found) or f'no {name}'}, and here is {_listed(versions) or f'no {name}'}"
    return ""


def _listed(versions: Sequence[str]) -> str:
    return ", ".join(version.replace("==", " ") for version in versions)


def performed(sent: Parcel, on_event: OnEvent) -> str:
    """Runs a session that was sent, as any other, and gives what `unpacked` takes."""
    task = json.loads(sent.task)
    session = _session(task["session"])
    level, grants = task["wanted"]
    searched: list[str] = []
    with _base(task, sent.files) as base:
        environment = read_environment(session.imports)
        wanted = Wanted(level, frozenset(grants))
        sees_gpu = level == "none" or "gpu" in grants
        there = machine(environment, base, Digests(default_folder()), task["threads"])
        there = replace(there, sees_gpu=sees_gpu)

        def observe(_: Session, looked: Looked, ran: tuple[Sequence[str], float]) -> Observed:
            within = [folder for folder in looked.searched if Path(folder).is_relative_to(base)]
            searched.extend(Path(folder).relative_to(base).as_posix() for folder in within)
            elsewhere = [folder for folder in looked.searched if folder not in within]
            return _moved(there.observed(session, looked._replace(searched=elsewhere), ran), str(base))

        settings = Settings(
            default_folder(),
            environment,
            jobs=1,
            threads=task["threads"],
            memory=task["memory"],
            base=base,
            observe=observe,
            wanted=wanted,
            shown=task["shown"],
        )
        blind = not sees_gpu and session.device == "auto" and machine_device() != "cpu"
        with closing(run([replace(session, device="cpu") if blind else session], settings, on_event)) as outcomes:
            outcome = next(outcomes)
        there.digests.save()
    return json.dumps({"outcome": encode(outcome).decode(), "searched": searched})


def _moved(observed: Observed, base: str) -> Observed:
    facts = tuple((kind, HERE if what == base else what, state) for kind, what, state in observed.facts)
    return replace(observed, facts=facts)


@contextmanager
def _base(task: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder with what was sent, for as long as the session runs; the next run takes away what a killed one left."""
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix=f"kbtool-{os.getpid()}-")))
    try:
        for path, digest in task["names"].items():
            place = folder / path
            if not place.resolve().is_relative_to(folder):
                raise KbError(f"{path} lies outside of the base")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files[digest])
        yield folder
    finally:
        remove(folder)


def _session(told: dict[str, Any]) -> Session:
    """A session out of its JSON."""
    found = told["imported"]
    modules = tuple(Module(one["note"], one["name"], tuple(one["codes"])) for one in found["modules"])
    meant = tuple((how, name, number) for how, name, number in found["meant"])
    lists = {name: tuple(told[name]) for name in ("imports", "inputs", "files")}
    steps = tuple(Step(**one) for one in told["steps"])
    return Session(**{**told, **lists, "steps": steps, "imported": Imported(modules, meant)})
