"""Warm parents that the tests of a module share: what a session imports takes longer than most of the tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from kbtool.cells import process
from kbtool.cells.plan import Session
from kbtool.cells.process import House, Nursery
from kbtool.cells.warm import preloads


class _Kept(Nursery):
    def close(self) -> None:
        """Leaves it for the next run."""

    def end(self) -> None:
        super().close()


@contextmanager
def shared_nurseries() -> Iterator[None]:
    """Meanwhile a run begins with the warm parent of an earlier one that began alike."""
    kept: dict[tuple[object, ...], _Kept] = {}
    original = process.nursery

    def nursery(sessions: Sequence[Session], threads: int, house: House) -> Nursery:
        alike = (threads, house.plots, house.states, house.base, house.sandbox, preloads(sessions))
        if alike not in kept:
            made = original(sessions, threads, house)
            kept[alike] = _Kept(made.house, made.threads, made.folder, made.zygote)
        return kept[alike]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "nursery", nursery)
        yield
    for one in kept.values():
        one.end()
