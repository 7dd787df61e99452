"""What programs print, as a terminal would show it in the end."""

from __future__ import annotations

import pytest

from kbtool.outcomes import Output
from kbtool.render.streams import STREAMS, plain_text, settled

BAR = "\r  0%|     | 0/3 [00:00<?, ?it/s]\r 33%|##   | 1/3 [00:00<00:01]\r100%|#####| 3/3 [00:00]            \n"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (BAR, "100%|#####| 3/3 [00:00]\n"),
        ("\rлосс 0.5234\rлосс 0.4", "лосс 0.4234"),  # what is not written over stays, as on a terminal
        ("\rдлинная строка\r\x1b[Kкоротко\n", "коротко\n"),
        ("a\rb\x1b[0K|", "b|"),
        ("12345\x1b[3D\x1b[1Kx", "  x45"),
        ("abc\x1b[2K\rd", "d"),
        ("abc\x08\x08X", "aXc"),
        ("\rA: 0\n\rB: 0\x1b[A\rA: 1\n\rB: 1\x1b[A\rA: 2\n\n", "A: 2\nB: 1\n"),  # two bars, one below the other
        ("one\ntwo\n\x1b[2J\x1b[Hthree", "three"),
        ("one\ntwo\n\x1b[1F\x1b[Jthree", "one\nthree"),
        ("\x1b[3Cx\x1b[1Gy", "y  x"),
        ("\x1b[?25l\x1b[32mok\x1b[0m\x1b[?25h", "ok"),
        ("\x1b[999999Ax\x1b[999999By", "xy"),
        ("a\r\nb\r\n", "a\nb\n"),
    ],
)
def test_a_terminal_in_the_end(raw: str, shown: str) -> None:
    assert plain_text(raw) == shown


def test_a_jump_costs_no_memory() -> None:
    assert len(plain_text("\x1b[99999999Cx" * 50)) <= 1_100


def test_text_without_controls_is_left_alone() -> None:
    text = "  две  \n\tтаб \n\n"
    assert plain_text(text) == text


def shown(*pieces: tuple[str, str]) -> list[tuple[str, str]]:
    given = [Output(kind, text) for kind, text in pieces]  # type: ignore[arg-type]
    return [(one.kind, one.text) for one in settled(given)]


def test_neighbouring_pieces_are_one() -> None:
    assert shown(("stdout", "a"), ("stdout", "b\n"), ("stderr", "c"), ("stdout", "d")) == [
        ("stdout", "ab\n"),
        ("stderr", "c"),
        ("stdout", "d"),
    ]


def test_a_bar_that_made_room_stands_there_as_it_ended() -> None:
    pieces = [("stderr", "\r 0%"), ("stdout", "эпоха 1\n"), ("stderr", "\r 50%"), ("stdout", "эпоха 2\n")]
    assert shown(*pieces, ("stderr", "\r100%\n")) == [("stdout", "эпоха 1\nэпоха 2\n"), ("stderr", "\r100%\n")]


@pytest.mark.parametrize("second", [" 50%", "\n 50%", "50%\r"])
def test_what_is_not_written_over_stays(second: str) -> None:
    assert shown(("stderr", "a\n 0%"), ("stdout", "x\n"), ("stderr", second))[0] == ("stderr", "a\n 0%")
    assert shown(("stderr", "a\n 0%"), ("stdout", "x\n"), ("stderr", "\r"))[0] == ("stderr", "a\n")


def test_values_and_errors_are_never_joined() -> None:
    pieces = [("value", "1"), ("value", "2"), ("error", "\rx"), ("error", "\ry")]
    assert shown(*pieces) == pieces


def test_many_pieces_take_no_longer_than_their_text() -> None:
    pieces = [Output(kind, "\rx") for _ in range(50_000) for kind in STREAMS]
    assert len(settled(pieces)) == 2
