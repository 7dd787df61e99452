"""Did-you-mean: what it finds, and what it had better not."""

from __future__ import annotations

import pytest

from kbtool.suggest import closest, did_you_mean, vocabulary

PAGES = vocabulary(
    [
        "softmax",
        "градиент",
        "тензор",
        "death",
        "q",
        "обратное распространение ошибки (backprop—backpropagation)",
        "тензорная природа матрицы весов",
        "state of the meta —\u00a0какие модели сегодня существуют",
        "lexical analysis",
    ]
)


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("sofmtax", "softmax"),
        ("softmaxx", "softmax"),
        ("градинет", "градиент"),
        ("тензоры", "тензор"),
        ("тензорная природа весов", "тензорная природа матрицы весов"),
        ("природа матрицы тензорная весов", "тензорная природа матрицы весов"),
        ("обратное распространение ошибки", "обратное распространение ошибки (backprop—backpropagation)"),
        ("softmax layer", "softmax"),
        (
            "state of the meta — какие модели сегодня существуют",
            "state of the meta —\u00a0какие модели сегодня существуют",
        ),
    ],
)
def test_meant(word: str, found: str) -> None:
    assert closest(word, PAGES) == found


@pytest.mark.parametrize("word", ["health", "w", "", "вектор", "numerical analysis", "совсем другая заметка"])
def test_meant_something_else(word: str) -> None:
    assert closest(word, PAGES) is None


@pytest.mark.parametrize(
    ("word", "found"), [("wantd", "wanted"), ("TimeOut", "timeout"), ("x", None), ("nonsense", None)]
)
def test_options(word: str, found: str | None) -> None:
    assert did_you_mean(word, ["wanted", "timeout", "output_limit"]) == found


def test_a_suggestion_keeps_its_spelling() -> None:
    assert did_you_mean("relu layers", ["ReLU layer"]) == "ReLU layer"


def test_the_answer_does_not_depend_on_the_order() -> None:
    words = ["слоя", "слои", "слое"]
    assert closest("слой", vocabulary(words)) == closest("слой", vocabulary(words[::-1]))


def test_a_part_that_all_names_share_suggests_nothing() -> None:
    many = vocabulary(f"заметка {number:04}" for number in range(1_000))
    assert closest("заметка о весах", many) is None
