"""Work grows in step with the text: four times the bomb takes about four times the time, never sixteen times."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from kbtool.config import Config, GraphSettings
from kbtool.kb import BaseFiles, Kb
from kbtool.publish import compiled
from kbtool.render.context import Look
from kbtool.values import NoteId, Source
from tests.tools.bombs import BOMBS

IDENT = NoteId("pages/x.md")
# Between 4 for what is linear and 16 for what is quadratic.
BOUND = 10.0
# Long enough to tell growth from noise, short enough for a hundred bombs.
ENOUGH = 0.01
LARGEST = 120_000
# How often it is measured what grows too fast.
TRIES = 4


def checked(text: str) -> None:
    kb = Kb()
    kb.check(kb.snapshot(files(text)))


def rendered(text: str) -> None:
    compiled(Kb().snapshot(files(text)), {}, Look())


def files(text: str) -> BaseFiles:
    return BaseFiles({IDENT: Source(IDENT, text)}, frozenset(), Config(), GraphSettings())


def cost(work: Callable[[str], object], text: str, tries: int) -> float:
    """The least processor time of some tries."""
    found = []
    for _ in range(tries):
        start = time.process_time()
        work(text)
        found.append(time.process_time() - start)
    return min(found)


def growth(work: Callable[[str], object], bomb: Callable[[int], str]) -> float:
    """By what factor the time grows from a bomb to one four times its size; 0 when it is too quick to tell."""
    n = 256
    while cost(work, bomb(n), 1) < ENOUGH:
        n *= 2
        if len(bomb(n)) > LARGEST:
            return 0.0
    # Neither a stall nor a step at some size is growth: what is too much is measured again, of larger ones.
    found = [cost(work, bomb(4 * n), 1) / cost(work, bomb(n), 2)]
    while found[-1] >= BOUND and len(found) < TRIES:
        n *= 2
        found.append(cost(work, bomb(4 * n), 3) / cost(work, bomb(n), 3))
    return min(found)


@pytest.mark.parametrize("work", [checked, rendered])
@pytest.mark.parametrize("name", BOMBS)
def test_time_grows_no_faster_than_the_text(work: Callable[[str], object], name: str) -> None:
    assert growth(work, BOMBS[name]) < BOUND


def test_quadratic_search_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_linear.ENOUGH", 0.0005)
    monkeypatch.setattr("tests.test_linear.TRIES", 1)
    careless = re.compile(r"\[\[(.+?)\]\]")
    # A stall while the small one is read hides growth, so one in several tries is enough.
    assert any(growth(careless.findall, BOMBS["[["]) > BOUND for _ in range(8))
