"""Logseq's calculator: the cases of its own tests, and what nobody should be able to do with ours."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtool.calc import results
from tests.rendering import body

DOCUMENTED = """\
6 * 7 | 42
1 + 2 * (3 - 4) | -1
(2 + 13) / (17 + 23) | 0.375
27^(1/3) | 3
last^2 | 9
x = -7 | -7
2 * x^2 + 11 * x - 21 | 0
sqrt(20.25) | 4.5
log(1000) | 3
asin(-0.5) | -0.5235987755982989
10!/(4! * 6!) | 210
42 mod 5 | 2
3.75 mod 1.5 | 0.75
2 1/2 * 3 3/8 - 1 1/4 | 7.1875
1,000 + -11,11 | -111
50% * 1e6 | 500000
-3^2 | -9
2 ^ 3 ^ 2 | 512
2 ^ -3 | 0.125
100^(-0.5) | 0.1
-5! | -120
-7 mod 4 | -3
1.1 + 2.2 | 3.3
1/3 | 0.33333333333333333333
.1e2 | 10
0x0A + 0xF5 + 0x100 | 511
0b100 * 0o10 | 32
1/0 | Infinity
sqrt(-1) | NaN
2*4# double 4 | 8
# only words |
k9 = 27 | 27
-.45e-1 | -0.045
2^100 | 1.2676506002282294015e+30
"""
FORMATS = [
    (":format norm 6\n1e6", ["", "1e+6"]),
    (":format norm 3\nPI", ["", "3.14"]),
    (":format norm 4\n0.000123", ["", "1.23e-4"]),
    (":format fix 4\n0.12345", ["", "0.1235"]),
    (":format fix 3\n0.0005\n0.0004", ["", "0.001", "4.000e-4"]),
    (":fmt fixed 2\n1e21+0.1", ["", "1.00e+21"]),
    (":format sci 3\nPI", ["", "3.142e+0"]),
    (":format frac\n4.375\n-7.25\n3.14157", ["", "4 3/8", "-7 1/4", "3.14157"]),
    (":format imp\n4.375\n-7.25", ["", "35/8", "-29/4"]),
    (":format frac 100000\n3.14157\n1/3", ["", "3 14157/100000", "1/3"]),
    ("12345\n:hex\n:oct\n:bin\n:dec", ["12345", "0x3039", "0o30071", "0b11000000111001", "12345"]),
    ("2*3\n# a\n\nlast*2", ["6", "", "", "12"]),
    ("a = 2\nb = a * 3\na = b\na", ["2", "6", "6", "6"]),
]


def test_sums_come_to_what_logseq_says() -> None:
    lines = [line.rpartition("|") for line in DOCUMENTED.splitlines()]
    found = results("\n".join(said for said, _, _ in lines))
    assert list(found) == [expected.strip() for _, _, expected in lines]


@pytest.mark.parametrize(("code", "expected"), FORMATS)
def test_numbers_are_written_as_logseq_writes_them(code: str, expected: list[str]) -> None:
    assert list(results(code)) == expected


@pytest.mark.parametrize(
    "line", ["foo_ =", "_ = 2", "PI = 3.14", "a = b", " . ", "1 +", "(2", "2)", "2 3", "import os", "__x", "1;2", "--1"]
)
def test_what_is_no_sum_is_a_question_mark(line: str) -> None:
    assert results(line) == ("?",)
    assert results(f"1\n{line}\nlast") == ("1", "?", "?")


@given(st.text(alphabet="0123456789.,eE+-*/^!%()#:= abxPIlogsqrtmodfix\n", max_size=60) | st.text(max_size=40))
def test_any_text_has_a_result_a_line(code: str) -> None:
    assert len(results(code)) == len(code.split("\n"))


@pytest.mark.parametrize(
    "code",
    [
        "9^9^9^9^9",
        "(" * 400 + "1",
        "2^" * 200 + "2",
        "-" * 400 + "1",
        "x = 1.1\n" + "x = x ^ 99999\n" * 900,
        "1e999999999 * 1e999999999\n:hex\n:format frac\n1e99999999",
        "0.5^999999999999\n:format frac\nlast",
        "253!^253! mod 7",
        "sin(1e999999)",
        "9" * 499,
        ":format fix 999\n1/3",
        "1 " * 5_000,
        "1\n" * 50_000,
    ],
)
def test_no_sum_takes_long(code: str) -> None:
    begun = time.process_time()
    results(code)
    assert time.process_time() - begun < 2


def test_results_stand_beside_their_lines() -> None:
    html = body("- ```calc\n  a = 2 < 3\n  b = 4\n\n  sum = b + 10\n  ```")
    assert 'a = 2 &lt; 3<span class="kb-calc">     ?</span>\nb = 4' in html
    assert 'sum = b + 10<span class="kb-calc">  = 14</span>\n</code>' in html
    assert "kb-calc" not in body("- ```\n  1 + 1\n  ```")
