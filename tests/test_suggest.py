"""Did-you-mean: what it finds, and what it had better not."""

from __future__ import annotations

import pytest

from kbtool.suggest import closest, did_you_mean, look, nearest, vocabulary

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


NAMES = vocabulary(
    [
        *("вес", "весна", "скорость обучения", "токенизация", "softmax", "тензор", "трансформер", "relu", "ёлка"),
        *("мета\u00a0модели", "compiler", "neural network", "градиент", "слой", "attention — что это"),
    ]
)


@pytest.mark.parametrize(
    ("word", "found", "how"),
    [
        ("весов", "вес", "inflected"),
        ("весы", "вес", "inflected"),
        ("слоями", "слой", "inflected"),
        ("скорости обучения", "скорость обучения", "inflected"),
        ("neural networks", "neural network", "inflected"),
        ("токинизация", "токенизация", "typo"),
        ("софтмакс", "softmax", "sound"),
        ("softmaks", "softmax", "sound"),
        ("tokenizaciya", "токенизация", "sound"),
        ("transformer", "трансформер", "sound"),
        ("релу", "relu", "sound"),
        ("ntypjh", "тензор", "keyboard"),
        ("ыщаеьфч", "softmax", "keyboard"),
        ("елка", "ёлка", "look"),
        ("мета модели", "мета\u00a0модели", "look"),
        ("attention - что это", "attention — что это", "look"),
        ("тeнзор", "тензор", "look"),  # a Latin letter in it
    ],
)
def test_the_nearest_and_why(word: str, found: str, how: str) -> None:
    near = nearest(word, NAMES)
    assert near is not None
    assert (near.word, near.how, near.only) == (found, how, True)


@pytest.mark.parametrize("word", ["", "вот", "compilation", "compiling", "ab", "совсем другая заметка", "нейрон"])
def test_nothing_is_near(word: str) -> None:
    assert nearest(word, NAMES) is None


def test_two_forms_are_not_the_only_one() -> None:
    near = nearest("весов", vocabulary(["вес", "веса"]))
    assert near is not None
    assert (near.how, near.only) == ("inflected", False)


@pytest.mark.parametrize(
    "name", ["softmax", "вес", "a  b", "  a b ", "a\u00a0b", "сло\u00adй", "x\u200by", "a—b", "«x»"]
)
def test_a_look_is_its_own_look(name: str) -> None:
    assert look(look(name)) == look(name)


@pytest.mark.parametrize(("one", "other"), [("вес", "весы"), ("ab", "ba"), ("a b", "ab"), ("и", "й"), ("1", "2")])
def test_looks_that_differ(one: str, other: str) -> None:
    assert look(one) != look(other)
