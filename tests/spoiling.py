"""Files of caches and records, spoiled in ways in which disks and people spoil them, and what commands say then."""

from __future__ import annotations

import json
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests import sabotage, trying
from tests.trial_project import NOTES, Plan, Report, computed, files, shown, text
from tests.trying import Tried

PROSE = ("first words of [[n0]]", "other words of [[n0]] {{unheard of}}")
"""Of two states of the notes."""
_RACY = 2.1
"""Seconds after which a file's stamp is believed."""
_SPREAD = 7
"""Rounds between two copies of the stores, of which old files are taken."""
Damage = Callable[[bytes, random.Random], bytes]


def flipped(data: bytes, chance: random.Random) -> bytes:
    """With one bit that is another one."""
    at = chance.randrange(len(data)) if data else 0
    return data[:at] + bytes([(data[at] if data else 0) ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def zeroed(data: bytes, chance: random.Random) -> bytes:
    """With zeros in place of a stretch, as of a block that never came to the disk."""
    at = chance.randrange(len(data) + 1)
    size = min(len(data) - at, chance.choice((1, 16, 512, 4096)))
    return data[:at] + bytes(size) + data[at + size :]


DAMAGES: dict[str, Damage] = {
    "flipped": flipped,
    "zeroed": zeroed,
    "cut": lambda data, chance: data[: chance.randrange(len(data) + 1)],
    "empty": lambda _data, _chance: b"",
    "twice": lambda data, _chance: data + data,
    "tail twice": lambda data, chance: data + data[chance.randrange(len(data) + 1) :],
    "noise": lambda data, chance: chance.randbytes(len(data)),
    "headless": lambda data, chance: data[chance.randrange(len(data) + 1) :],
}
OTHERS = ("swapped", "old", "gone")


class Stores:
    """The files of all stores of a project, as they are and as they once were."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._old: dict[Path, bytes] = {}

    def kinds(self) -> dict[str, list[Path]]:
        """Files by what they are."""
        found: dict[str, list[Path]] = {}
        for place in (self._project / "cache/kbtool", self._project / "kb/.kbtool"):
            for path in sorted(place.rglob("*")):
                if path.is_file() and "matplotlib" not in path.parts:
                    found.setdefault(_kind(path), []).append(path)
        return found

    def remember(self) -> None:
        """Takes a copy of all."""
        self._old.update((path, path.read_bytes()) for paths in self.kinds().values() for path in paths)

    def spoil(self, chance: random.Random, ways: Sequence[str] = (*DAMAGES, *OTHERS)) -> tuple[str, str]:
        """Spoils a file in one of these ways; says of which kind it is, and how."""
        kinds = self.kinds()
        kind = chance.choice(sorted(kinds))
        path = chance.choice(kinds[kind])
        how = chance.choice(ways)
        data = path.read_bytes()
        if how == "swapped":
            # With one of the same kind as often as with any other.
            among = kinds[kind] if chance.random() < 0.5 else [one for paths in kinds.values() for one in paths]
            other = chance.choice(among)
            path.write_bytes(other.read_bytes())
            other.write_bytes(data)
            return f"{kind} with {_kind(other)}", how
        if how == "gone":
            path.unlink()
        else:
            path.write_bytes(self._old.get(path, b"") if how == "old" else DAMAGES[how](data, chance))
        return kind, how


def _kind(path: Path) -> str:
    """The name of a store's file without what tells it from others of its kind."""
    if any(part.startswith("spare-") for part in path.parts):
        return "spare"
    parts = path.parts[path.parts.index("kbtool" if "kbtool" in path.parts else ".kbtool") :]
    return re.sub(r"[0-9a-f]{8,}|\d+", "", "/".join(parts[:2] + parts[-1:]))


class Right:
    """What commands say of the two states of the notes, and the sites, with nothing in any cache but outcomes."""

    def __init__(self, project: Path) -> None:
        self.checked: list[Tried] = []
        self.built: list[Tried] = []
        self.sites: list[dict[str, bytes]] = []
        for state in range(len(PROSE)):
            write(project, state)
            for name in ("checks", "sites"):
                shutil.rmtree(project / "cache/kbtool" / name, ignore_errors=True)
            shutil.rmtree(project / "site", ignore_errors=True)
            self.checked.append(trying.tried(project, "check", "--format", "json"))
            self.built.append(trying.tried(project, "build"))
            self.sites.append(files(project / "site"))


def write(project: Path, state: int) -> None:
    """The notes, of which two are in one state or the other."""
    for number in (1, 4):
        path = project / f"kb/pages/n{number}.md"
        found = f"{text(number, 0)}- {PROSE[state]}\n"
        if path.read_text("utf-8") != found:
            path.write_text(found, "utf-8")


def spoiled(project: Path, plan: Plan) -> Report:
    """One file spoiled a round, with the notes changed in two rounds of three: all is said as ever, or refused."""
    report, chance = Report(), plan.chance
    broken = sabotage.unsealed if plan.control else None
    data = project / "kb/assets/data.txt"
    data.parent.mkdir()
    data.write_text("5 6\n", "utf-8")
    reading = project / "kb/pages/n2.md"
    given = reading.read_text("utf-8").replace("```python", "```python inputs=assets/data.txt")
    reading.write_text(given.replace("total =", "open('assets/data.txt').read()\n  total ="), "utf-8")
    time.sleep(_RACY)
    trying.tried(project, "run", "--record")
    right, state = Right(project), 0
    stores = Stores(project)
    for _ in range(2):
        trying.tried(project, "build", sabotage=broken)
        trying.tried(project, "check", sabotage=broken)
    stores.remember()
    kept = {place: files(project / place) for place in ("cache/kbtool/outcomes-2", "kb/.kbtool")}
    for number in range(plan.tries):
        state = (state + (number % 3 > 0)) % len(PROSE)
        write(project, state)
        kind, how = stores.spoil(chance, ("flipped", "swapped")) if plan.control else stores.spoil(chance)
        report.tries += 1
        report.ends[kind.partition(" ")[0]] += 1
        found = len(report.wrong)
        if "outcomes" in kind or ".kbtool" in kind:
            for one in _said(project, broken):
                report.expect(one, "refused")
            for place, whole in kept.items():
                _restore(project / place, whole)
        ends = [trying.tried(project, *words, sabotage=broken) for words in (("check", "--format", "json"), ("build",))]
        for end, as_ever in zip(ends, (right.checked[state], right.built[state]), strict=True):
            report.expect((end.code, end.out) == (as_ever.code, as_ever.out.replace("ran", "cached")), end, as_ever)
        differ = _differ(files(project / "site"), right.sites[state])
        report.expect(not differ, "site", differ)
        if number % _SPREAD == 0:
            stores.remember()
        report.wrong[found:] = [f"{number} {kind} {how}: {one}" for one in report.wrong[found:]]
    return report


def _differ(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _said(project: Path, broken: Callable[[], None] | None) -> Iterator[bool]:
    """What holds when an outcome or a record is spoiled: it is refused, or done again with the same results."""
    check = trying.tried(project, "check", "--format", "json", sabotage=broken)
    refused = any(rule in check.out for rule in ("tampered-record", "stale-record"))
    yield "Traceback" not in check.err and check.code in ((0, 1) if refused else (0,))
    build = trying.tried(project, "build", sabotage=broken)
    yield "Traceback" not in build.err and build.code in ((0, 1) if refused else (0,))
    yield build.code != 0 or shown(project) == computed(0)
    run = trying.tried(project, "run", "--format", "json", sabotage=broken)
    states = [json.loads(line)["state"] for line in run.out.splitlines()]
    yield run.code == 0 and len(states) == NOTES and set(states) <= {"ran", "cached"}
    yield all(trying.tried(project, "why", f"n{note}", sabotage=broken).code == 0 for note in range(NOTES))


def _restore(folder: Path, whole: dict[str, bytes]) -> None:
    for name in files(folder).keys() - whole.keys():
        (folder / name).unlink()
    for name, data in whole.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # by the folder's stamp kbtool sees that there is another one
            path.write_bytes(data)
