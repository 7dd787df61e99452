"""The table of all that may stand after ```` ```python ````, and the values that each of these words takes."""

from __future__ import annotations

from math import isfinite
from typing import Literal, NamedTuple

from kbtool.suggest import did_you_mean


class Attribute(NamedTuple):
    """A word after the language. `of` is whose it is: what is the note's may be a page property, too.

    `example` is how it is written, `takes` what its value is, empty where it has none; `bare` when that may be left
    out. `keyed` when it is part of the key of the note's session, so that another value means another run.
    """

    example: str
    of: Literal["cell", "note"]
    does: str
    keyed: bool
    takes: str = ""
    bare: bool = False

    @property
    def name(self) -> str:
        """The word without a value."""
        return self.example.partition("=")[0]


ATTRIBUTES = (
    Attribute("norun", "cell", "is shown, and neither checked nor run", True),
    Attribute("hide", "cell", "runs, and the page shows what it gives without its code", False),
    Attribute("raises=TypeError", "cell", "must raise this exception", True, "the name of an exception"),
    Attribute("timeout=60", "cell", "may run so many seconds", False, "seconds, more than 0"),
    Attribute("name=train", "cell", "has a name, unique in its note", False, "a word of letters, digits, `_` and `-`"),
    Attribute(
        "expect=1e-3",
        "cell",
        "must give what was accepted, with numbers that differ relatively by no more (`expect=1e-3,1e-9`: or by no "
        "more than the second one); `expect`: but for white space",
        False,
        "`exact`, or a relative difference of numbers, more than 0, with an absolute one behind a comma if need be",
        bare=True,
    ),
    Attribute("export", "cell", "gives its definitions to other notes", False),
    Attribute("volatile", "cell", "may give other outputs at each run", False),
    Attribute(
        "device=cuda",
        "note",
        "runs on a GPU or not at all; `cpu`: it sees none; `auto`: as it comes",
        True,
        "`auto`, `cpu` or `cuda`",
    ),
    Attribute(
        "gpu_mem=8G",
        "note",
        "needs so much of a GPU's memory; without it a session that may use a GPU has it alone",
        False,
        "a size in K, M, G or T",
    ),
    Attribute("cpus=2", "note", "computes with so many threads", True, "a whole number from 1 up"),
    Attribute(
        "inputs=data/*.csv,words.txt",
        "note",
        "reads these files of the base",
        True,
        "paths or patterns below the base, with `/` and commas",
    ),
    Attribute(
        "seed=7", "note", "begins with generators seeded so, else with 0", True, "a whole number from 0 to 4294967295"
    ),
    Attribute(
        "launch=torchrun:2",
        "note",
        "runs as so many processes under PyTorch's own launcher; the page shows what rank 0 gives",
        True,
        "`torchrun:` and a number of processes from 1 to 16",
    ),
)
FLAGS = frozenset(one.name for one in ATTRIBUTES if not one.takes)
OF_NOTES = frozenset(one.name for one in ATTRIBUTES if one.of == "note")
NAMES = tuple(one.name for one in ATTRIBUTES)
_DEVICES = ("auto", "cpu", "cuda")
_SEEDS = 1 << 32  # those that NumPy takes
_UNITS = "KMGT"
_TORCHRUN = "torchrun:"
_MOST = 16
"""Processes of a session; each has some ten threads, of which a sandbox has 1024 (see `sandbox`)."""


def needs_value(name: str) -> bool:
    """Whether an attribute says nothing by itself."""
    return any(one.name == name and one.takes and not one.bare for one in ATTRIBUTES)


def is_valid(name: str, value: str) -> bool:
    """Whether an attribute that takes a value can have this one."""
    match name:
        case "timeout":
            return _is_positive(value)
        case "raises":
            return all(part.isidentifier() for part in value.split("."))
        case "expect":
            return value == "exact" or (value.count(",") < 2 and all(map(_is_positive, value.split(","))))
        case "device":
            return value in _DEVICES
        case "gpu_mem":
            return value[-1:] in tuple(_UNITS) and _is_count(value[:-1])
        case "cpus":
            return _is_count(value)
        case "seed":
            return _is_whole(value) and int(value) < _SEEDS
        case "inputs":
            is_list = value.startswith("[") and value.endswith("]")  # of YAML
            return not is_list and all(map(_is_below, paths(value)))
        case "launch":
            return value.startswith(_TORCHRUN) and _is_count(value[len(_TORCHRUN) :]) and processes(value) <= _MOST
        case _:
            return value.replace("-", "_").isidentifier() and not value.startswith("-")


def complaint(name: str, value: str, written: str) -> tuple[str, str, str]:
    """What is wrong with a value: the message, advice, and the value that was obviously meant, or nothing.

    `written` is what stands before the value.
    """
    takes, example = next((one.takes, one.example) for one in ATTRIBUTES if one.name == name)
    meant = _meant(name, value.strip("\"'"))
    shown = written.rstrip("=: ")
    message = f"`{value}` is no value for `{shown}`" if value else f"`{shown}` needs a value"
    advice = f"it takes {takes}, as in `{written}{example.partition('=')[2]}`"
    return message, advice, meant if is_valid(name, meant) else ""


def _meant(name: str, value: str) -> str:
    match name:
        case "timeout":
            return value.rstrip("s")
        case "device":
            return "cuda" if value.lower() == "gpu" else did_you_mean(value, _DEVICES) or value
        case "gpu_mem":
            return value.replace(" ", "").upper().removesuffix("B").removesuffix("I")
        case "launch" | "expect":
            return value.lower()
        case "inputs":
            return value.replace("\\", "/").strip("[]")
    return value


def paths(value: str) -> tuple[str, ...]:
    """The paths and patterns of an `inputs`."""
    return tuple(path.strip() for path in value.split(","))


def size(value: str) -> int:
    """A size such as `8G` in bytes."""
    return int(value[:-1]) << 10 * (_UNITS.index(value[-1]) + 1)


def processes(launch: str) -> int:
    """How many processes a session has; without a launcher one."""
    return int(launch.removeprefix(_TORCHRUN)) if launch else 1


def _is_below(path: str) -> bool:
    return bool(path) and path[0] not in "/~'\"" and "\\" not in path and ".." not in path.split("/")


def _is_positive(value: str) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return isfinite(number) and number > 0


def _is_whole(value: str) -> bool:
    """Whether this is a number as one writes it, and not a monstrous one."""
    return value.isascii() and value.isdigit() and len(value) <= len(str(_SEEDS)) and (value[0] != "0" or value == "0")


def _is_count(value: str) -> bool:
    return _is_whole(value) and int(value) > 0
