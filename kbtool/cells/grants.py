"""What a person's own settings grant to note code: a file in their folder of settings, never one of the base."""

from __future__ import annotations

import os
import sys
from math import inf
from pathlib import Path
from typing import Any, cast

from kbtool.cells.attributes import is_valid, size
from kbtool.cells.environment import machine_device
from kbtool.cells.plan import Ceilings
from kbtool.cells.sandbox import DEFAULT, GRANTS, LEVELS, Level, Wanted
from kbtool.config import KbError
from kbtool.suggest import did_you_mean

SITE = "mkdocs"
"""The grant that is no session's: MkDocs may run what `mkdocs.yml` names."""
_KEYS = ("sandbox", "allow", "max_timeout", "max_output")


def settings_file() -> Path:
    """Where a person's own settings lie."""
    here = sys.platform
    if here == "linux":  # without the 20 ms that importing platformdirs takes
        named = os.environ.get("XDG_CONFIG_HOME", "").strip()
        return (Path(named) if named else Path.home() / ".config") / "kbtool" / "kbtool.yml"
    from platformdirs import user_config_path

    return user_config_path("kbtool") / "kbtool.yml"


def own() -> Wanted:
    """The level, the grants of sessions and the ceilings that the file names; what it does not say is as ever."""
    found = _own()
    return found._replace(grants=found.grants & {*GRANTS})


def site_granted() -> bool:
    """Whether the file lets MkDocs run what `mkdocs.yml` names."""
    return SITE in _own().grants


def _own() -> Wanted:
    path = settings_file()
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return DEFAULT
    except (OSError, UnicodeDecodeError) as error:
        raise KbError(f"{path}: it cannot be read: {error}\nmend it or take it away") from error
    import yaml

    try:
        return _read(path, yaml.safe_load(text) or {})
    except (yaml.YAMLError, RecursionError) as error:
        raise KbError(f"{path}: it is no YAML: {error}\nmend it or take it away") from error


def _read(path: Path, said: Any) -> Wanted:
    if not isinstance(said, dict):
        raise KbError(f"{path}: it must be `sandbox: auto` and `allow: [gpu]`\nmend it or take it away")
    for key in said:
        if key not in _KEYS:
            near = did_you_mean(str(key), _KEYS)
            advice = f"did you mean `{near}`?" if near else f"known are {', '.join(_KEYS)}"
            raise KbError(f"{path}: nobody knows `{key}`\n{advice}")
    level, grants = said.get("sandbox", "auto"), said.get("allow", [])
    if level == "none":  # nobody shall forget that they wrote it
        raise KbError(
            f"{path}: `sandbox: none` is for the command line alone\nmend it, and say --sandbox none each time"
        )
    if level not in LEVELS:
        raise KbError(f"{path}: `sandbox` is auto or strict, not {level!r}\nmend it")
    if not isinstance(grants, list) or not set(map(str, grants)) <= {*GRANTS, SITE}:
        raise KbError(f"{path}: `allow` is a list of {', '.join((*GRANTS, SITE))}\nmend it")
    return Wanted(cast("Level", level), frozenset(grants), _ceilings(path, said))


def _ceilings(path: Path, said: dict[str, Any]) -> Ceilings:
    """The most that a base may ask for."""
    usual = Ceilings()
    seconds, output = said.get("max_timeout", usual.timeout), said.get("max_output", usual.output)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < inf:
        raise KbError(f"{path}: `max_timeout` is a number of seconds above 0, not {seconds!r}\nmend it")
    if isinstance(output, str) and is_valid("gpu_mem", output):
        output = size(output)
    if isinstance(output, bool) or not isinstance(output, int) or output < 1:
        raise KbError(f"{path}: `max_output` is a size such as 64M, or bytes, not {output!r}\nmend it")
    return Ceilings(float(seconds), output)


def hide(asked: Wanted) -> None:
    """Sessions that may not use the graphics processor see none, and nothing of ours counts on it."""
    if asked.level != "none" and "gpu" not in asked.grants and machine_device() != "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
