"""Logged numbers as curves, and what only looks like a log."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from kbtool.outcomes import Output
from kbtool.render.chart import charts_html
from kbtool.render.curves import Curve, Series, curves
from tests.rendering import Html, outcome, rendered

CELL = "- ```python\n  train()\n  ```"


def log(line: str, count: int = 10, first: int = 0, step: int = 10) -> str:
    """Lines made of a pattern: `i` is the step, `x` a falling and `y` a rising number."""
    numbers = [(first + step * i, 2.5 / (i + 1), 1 - 1 / (i + 2)) for i in range(count)]
    return "\n".join(line.format(i=i, x=round(x, 4), y=round(y, 4)) for i, x, y in numbers) + "\n"


LOGS = [
    ("step {i} loss {x}", "step", ["loss"]),
    ("epoch={i}, loss={x} acc={y}", "epoch", ["loss", "acc"]),
    ("шаг {i}: потери {x}", "шаг", ["потери"]),
    ("Epoch {i}/100 - loss: {x} - val_loss: {y}", "Epoch", ["loss", "val_loss"]),
    ("Epoch [{i}/100], Step [7/600], Loss: {x}", "Epoch", ["Loss"]),
    ("iter {i:>5} | train/loss {x:.3e} | lr 1e-3", "iter", ["train/loss"]),
    ("step {i} loss {x} time 1.5s", "step", ["loss"]),
    ("step {i} train loss {x} test loss {y}", "step", ["train loss", "test loss"]),
    ("loss {x} at step {i}", "at step", ["loss"]),
    ("epoch {i} accuracy {y}%", "epoch", ["accuracy"]),
    ("step {i} loss {x} 12.5 s", None, []),
]


@pytest.mark.parametrize(("line", "step", "names"), LOGS)
def test_logs_are_curves(line: str, step: str | None, names: list[str]) -> None:
    found = curves(log(line))
    assert [(one.step, [each.name for each in one.series]) for one in found] == ([(step, names)] if step else [])


def test_a_curve_has_the_numbers_and_the_place_of_its_lines() -> None:
    (found,) = curves("Устройство: cpu\n\n" + log("step {i} loss {x}", 8, 1, 1) + "Готово\n")
    assert found == Curve(
        "step",
        tuple(map(float, range(1, 9))),
        (Series("loss", (2.5, 1.25, 0.8333, 0.625, 0.5, 0.4167, 0.3571, 0.3125)),),
        2,
        10,
    )


def test_the_ends_may_be_closer() -> None:
    steps = (1, 100, 200, 300, 400, 500, 600, 700, 750)
    assert curves("\n".join(f"step {i} loss {1 / i}" for i in steps))
    assert not curves("\n".join(f"step {i} loss {1 / i}" for i in (*steps, 751)))


def test_a_number_that_is_none_is_a_gap() -> None:
    (found,) = curves(log("step {i} loss {x}").replace("0.8333", "nan"))
    assert math.isnan(found.series[0].values[2])
    assert charts_html(found).count("<polyline") == 2


@pytest.mark.parametrize(
    "text",
    [
        log("step {i} loss {x}", 7),
        log("{i} {x} {y}"),  # a table of numbers
        log("{i}: {x}"),
        log("[{x}, {y}]"),
        log("| {i} | {x} |"),
        log("слой {i}: {x}"),  # a list
        log("step {i}"),
        log("step {i} loss 0.5"),
        log("step {i} next {i}"),
        log("step {i} loss {x} 2026-01-01 12:00:00"),
        log("a 1 b {x}"),
        log("loss {x} acc {y}"),
        log("step {i} loss {x}", step=-10),
        log("step {i} loss {x} step {i}"),
        log("это была уже не просто {i} попытка найти {x}"),
        "\n".join(f"step {2**i} loss {1 / (i + 1)}" for i in range(10)),
        "\n\n".join(f"step {i} loss {1 / (i + 1)}" for i in range(10)),
        "{'step': 1, 'loss': 2}\n" * 10,
    ],
)
def test_what_is_no_log_stays_text(text: str) -> None:
    assert curves(text) == ()


def test_another_shape_begins_another_curve() -> None:
    found = curves(log("step {i} loss {x}") + log("epoch {i} acc {y}"))
    assert [(one.step, one.first, one.end) for one in found] == [("step", 0, 10), ("epoch", 10, 20)]


# ---------------------------------------------------------------- charts


def charts(text: str) -> list[ElementTree.Element]:
    (found,) = curves(text)
    return list(ElementTree.fromstring(charts_html(found)))


def test_numbers_of_one_kind_share_a_chart() -> None:
    made = charts(log("epoch={i} loss={x} acc={y} val_loss={x} val_acc={y}"))
    assert [[tspan.text for tspan in one.iter("tspan")] for one in made] == [["loss", "val_loss"], ["acc", "val_acc"]]


def test_a_chart_says_in_words_what_it_shows() -> None:
    (one,) = charts(log("step {i} loss {x}"))
    title = one.find("title")
    assert one.get("role") == "img"
    assert title is not None
    assert title.text == "loss: 2.5 → 0.25 (min 0.25, max 2.5); step 0…90"


def test_axes_are_labelled_with_round_numbers() -> None:
    (one,) = charts(log("step {i} loss {x}", 11))
    texts = [text.text for text in one.iter("text") if text.text]
    assert texts == ["1", "2", "0", "25", "50", "75", "100", "step"]


@pytest.mark.parametrize("values", [(1e300, -1e300), (1e-300, 2e-300), (1e9, 1e9 + 1), (-5.0, -4.0)])
def test_lines_stay_inside_whatever_the_numbers(values: tuple[float, float]) -> None:
    series = Series("x", values * 6)
    made = ElementTree.fromstring(charts_html(Curve("step", tuple(map(float, range(12))), (series,), 0, 12)))
    for line in made.iter("polyline"):
        points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        assert all(48 <= x <= 306 and 24 <= y <= 148 for x, y in points)


def test_many_points_are_thinned_and_extremes_stay() -> None:
    text = "\n".join(f"step {i} loss {9 if i == 7777 else 1 / (i + 1)}" for i in range(20_000))
    (one,) = charts(text)
    (line,) = one.iter("polyline")
    points = line.attrib["points"].split()
    assert len(points) <= 500
    assert min(float(point.split(",")[1]) for point in points) == 24.0


def test_the_page_folds_the_lines_under_the_chart() -> None:
    text = "начало\n" + log("step {i} loss {x}") + "конец\n"
    html = rendered({"pages/a.md": CELL}, outcomes=outcome(("ok", (Output("stdout", text),))))["pages/a.md"].html
    parts = ("начало</pre>", '<svg class="kb-curve"', "<summary>Строки вывода: 10</summary>", "step 90", "конец</pre>")
    assert [html.find(part) for part in parts] == sorted(html.find(part) for part in parts)
    assert [part for part in parts if part not in html] == []
    assert Html(html).faults == []


def test_names_are_no_markup() -> None:
    html = charts_html(Curve("<b>", (0.0, 1.0), (Series("<i>&", (0.0, 1.0)),), 0, 2))
    assert ("<b>" in html, "<i>" in html, "&lt;i&gt;&amp;" in html) == (False, False, True)
