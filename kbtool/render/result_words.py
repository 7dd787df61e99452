"""What the site says of results: their states, why, what changed, where they come from; by language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Table = Mapping[str, Mapping[str, str]]

STATES: Table = MappingProxyType(
    {
        "ru": {
            "fresh": "свежее",
            "verified": "проверено",
            "recorded": "из записи",
            "stale": "устарело",
            "failed": "ошибка",
            "none": "не выполнялось",
        },
        "en": {
            "fresh": "fresh",
            "verified": "verified",
            "recorded": "recorded",
            "stale": "stale",
            "failed": "failed",
            "none": "not run",
        },
    }
)
REASONS: Table = MappingProxyType(
    {
        "ru": {
            "fresh": "Код выполнен там, где собран сайт, и с тех пор не изменился.",
            "verified": "Запись и новое выполнение дали одно и то же.",
            "recorded": "Здесь код не выполнялся: показано, что он дал при записи. С тех пор он не изменился.",
            "stale": "Записано для другого кода: с тех пор он изменился, и то, что показано, может быть неверно.",
            "failed": "Код выполнен там, где собран сайт, и остановился на ошибке.",
            "none": "Код не выполнялся: записанное отвечает другому коду и не показано.",
        },
        "en": {
            "fresh": "The code ran where this site was built, and has not changed since.",
            "verified": "What was recorded and a new run gave the same.",
            "recorded": "The code did not run here: it gave this where it was recorded, and has not changed since.",
            "stale": "Recorded for other code: it has changed since, and what is shown may be wrong.",
            "failed": "The code ran where this site was built, and stopped at an error.",
            "none": "The code was not run; what was recorded belongs to other code and is not shown.",
        },
    }
)
CHANGES: Table = MappingProxyType(
    {
        "ru": {
            "cell": "изменилась ячейка {name}",
            "new-cell": "добавлена ячейка {name}",
            "gone-cell": "ячейки {name} больше нет",
            "imported": "изменился код, взятый из других заметок",
            "module": "изменился модуль {name}",
            "input": "изменились данные {name}",
            "file": "изменился файл {name}",
            "version": "версия {name}: была {old}, стала {new}",
            "seed": "начальное число: было {old}, стало {new}",
            "cpus": "потоков: было {old}, стало {new}",
            "launch": "способ запуска: был {old}, стал {new}",
            "output_limit": "предел вывода: был {old}, стал {new}",
            "semantics": "kbtool выполняет код по-другому",
            "python": "Python: там {old}, здесь {new}",
            "platform": "платформа: там {old}, здесь {new}",
            "threads": "потоков: там {old}, здесь {new}",
            "device": "устройство: там {old}, здесь {new}",
            "processor": "процессор: там {old}, здесь {new}",
            "package": "{name}: там {old}, здесь {new}",
            "code": "{name}: та же версия, другие файлы",
        },
        "en": {
            "cell": "cell {name} changed",
            "new-cell": "cell {name} is new",
            "gone-cell": "cell {name} is gone",
            "imported": "the code that it imports from other notes changed",
            "module": "the module {name} changed",
            "input": "the input {name} changed",
            "file": "the file {name} changed",
            "version": "the version of {name} was {old} and is {new}",
            "seed": "the seed was {old} and is {new}",
            "cpus": "the threads were {old} and are {new}",
            "launch": "the launcher was {old} and is {new}",
            "output_limit": "output_limit was {old} and is {new}",
            "semantics": "kbtool runs code in another way",
            "python": "Python: {old} there, {new} here",
            "platform": "platform: {old} there, {new} here",
            "threads": "threads: {old} there, {new} here",
            "device": "device: {old} there, {new} here",
            "processor": "processor: {old} there, {new} here",
            "package": "{name}: {old} there, {new} here",
            "code": "{name}: the same version, other files",
        },
    }
)
PROVENANCE: Table = MappingProxyType(
    {
        "ru": {
            "why": "Почему",
            "when": "Когда",
            "device": "Устройство",
            "seconds": "Время",
            "python": "Python",
            "packages": "Пакеты",
            "seed": "Начальное число",
            "isolation": "Изоляция",
            "trace": "Что читал код",
            "whole": "известно полностью",
            "partly": "известно не полностью",
            "elsewhere": "Отличия",
            "changed": "Изменилось",
            "others": "Записано также на",
            "none": "нет",
            "unknown": "неизвестно",
        },
        "en": {
            "why": "Why",
            "when": "When",
            "device": "Device",
            "seconds": "Time",
            "python": "Python",
            "packages": "Packages",
            "seed": "Seed",
            "isolation": "Isolation",
            "trace": "What the code read",
            "whole": "known in full",
            "partly": "not known in full",
            "elsewhere": "Differences",
            "changed": "Changed",
            "others": "Recorded on, too",
            "none": "none",
            "unknown": "unknown",
        },
    }
)
GAPS: Table = MappingProxyType(
    {
        "ru": {
            "program": "другие программы",
            "network": "сеть",
            "native": "чтение в обход Python",
            "too many files": "слишком много файлов",
            "variables": "переменные окружения",
            "files elsewhere": "файлы вне базы",
        },
        "en": {
            "program": "other programs",
            "network": "the network",
            "native": "reading past Python",
            "too many files": "too many files",
            "variables": "environment variables",
            "files elsewhere": "files outside the base",
        },
    }
)


def changed(words: Mapping[str, str], difference: tuple[str, str, str, str]) -> str:
    """A difference (its kind, which, old, new) in these words; an empty value is said as a dash."""
    kind, name, old, new = difference
    if kind not in words:
        return f"{kind} {name}".strip()
    return words[kind].format(name=name, old=old or "—", new=new or "—")
