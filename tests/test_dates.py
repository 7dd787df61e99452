"""Dates: which names are days, and how they are written."""

from __future__ import annotations

import pytest

from kbtool.dates import journal_day, journal_name


@pytest.mark.parametrize(
    ("name", "formats", "day"),
    [
        ("2024-05-01", (), 20240501),
        ("2024_5_1", (), 20240501),
        ("may 1st, 2024", (), 20240501),
        ("1-2-3", (), 20010203),
        ("12-05-01", (), 20120501),
        ("2024-02-30", (), None),
        ("01.05.2024", ("dd.MM.yyyy",), 20240501),
        ("01.05.2024", (), None),
        ("May 1th, 2024", (), 20240501),
        ("MAY 1ST, 2024", (), 20240501),
        ("2021Q4", ("dd.MM.yyyy",), 20040120),
        ("2024年05月01日", ("yyyy年MM月dd日",), 20240501),
        ("wed, 2024/05/01", ("EEE, yyyy/MM/dd",), 20240501),
        ("2024-05-01 wednesday", ("yyyy-MM-dd EEEE",), 20240501),
        ("1 of May 2024", ("d 'of' MMMM yyyy",), 20240501),
        ("20240501", ("yyyyMMdd",), 20240501),
        ("2024-05-01 x", (), None),
        ("1-2", ("d-d",), None),
        ("ReLU", (), None),
        ("0000-01-01", (), None),
    ],
)
def test_journal_day(name: str, formats: tuple[str, ...], day: int | None) -> None:
    assert journal_day(name, formats) == day


def test_journal_name_is_read_back() -> None:
    for pattern in (
        "MMM do, yyyy",
        "yyyy-MM-dd",
        "dd.MM.yyyy",
        "EEEE, dd/MM/yyyy",
        "E yyyy年M月d日",
        "do 'of' MMMM yy",
    ):
        assert journal_day(journal_name(20240503, pattern), (pattern,)) == 20240503


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("MMM do, yyyy", "May 3rd, 2024"),
        ("MMMM do, yyyy", "May 3rd, 2024"),
        ("E, dd.MM.yyyy", "Fri, 03.05.2024"),
        ("EEEE d/M/yy", "Friday 3/5/24"),
        ("yyyy年MM月dd日", "2024年05月03日"),
        ("d 'at' MMM ''yy", "3 at May '24"),
    ],
)
def test_journal_name(pattern: str, name: str) -> None:
    assert journal_name(20240503, pattern) == name
