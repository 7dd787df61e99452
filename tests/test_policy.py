"""The content security policy: at the top of each page, without holes, and fitting what a user's templates have."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from kbtool.render.policy import Inline, headers_file, inline, policy
from kbtool.values import shut
from tests.test_plugin import Base

EXTRA_HEAD = '{%% extends "base.html" %%}{%% block extrahead %%}%s{%% endblock %%}'


def directives(text: str) -> dict[str, list[str]]:
    return {rule.split()[0]: rule.split()[1:] for rule in text.split(";")}


def test_nothing_inside_a_page_runs_and_no_other_host_is_asked() -> None:
    found = directives(policy(Inline()))
    assert found["default-src"] == ["'none'"]
    assert {source for sources in found.values() for source in sources} == {"'none'", "'self'", "data:"}
    assert [rule for rule, sources in found.items() if "data:" in sources] == ["img-src"]


def test_scripts_and_styles_inside_are_known_by_their_hashes_and_data_is_none() -> None:
    html = "<script>a(1)</script><script type=application/json>{}</script><script src=x></script><style>p{}</style>"
    digest = base64.b64encode(hashlib.sha256(b"a(1)").digest()).decode()
    found = inline(html)
    assert found.scripts == (f"'sha256-{digest}'",)
    assert len(found.styles) == 1
    assert directives(policy(found))["script-src"] == ["'self'", f"'sha256-{digest}'"]


def test_what_a_template_asks_of_another_host_is_known() -> None:
    html = (
        '<link rel=stylesheet href="//a.example/x.css"><script src="https://b.example/x.js"></script><a href=//c>c</a>'
    )
    assert inline(html).elsewhere == ("//a.example/x.css", "https://b.example/x.js")


def test_headers_say_what_a_page_cannot() -> None:
    file = headers_file("default-src 'none'")
    assert file.path == "_headers"
    assert file.text.startswith("/*\n  Content-Security-Policy: default-src 'none'; frame-ancestors 'self'\n")
    assert "  Referrer-Policy: no-referrer\n" in file.text


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return Base(tmp_path)


def own_template(base: Base, name: str, text: str) -> None:
    path = base.folder / "own" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    settings = (base.folder / "mkdocs.yml").read_text("utf-8")
    (base.folder / "mkdocs.yml").write_text(settings.replace("name: material", "name: material, custom_dir: own"))


def pages(base: Base) -> dict[str, str]:
    return {name: base.file(name) for name in base.files() if name.endswith(".html")}


def test_each_page_begins_with_the_policy_and_has_no_script_inside(base: Base) -> None:
    assert base.build() == []
    assert len(pages(base)) > 3
    for html in pages(base).values():
        head = html.partition("<head>")[2]
        assert head.startswith('<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src')
        assert inline(html) == Inline()
        assert 'style="' not in html


def test_the_hosts_headers_have_the_same_policy(base: Base) -> None:
    base.build()
    text = base.file("index.html").partition('content="')[2].partition('"')[0]
    assert f"Content-Security-Policy: {text}; frame-ancestors" in base.file("_headers")


def test_templates_of_the_user_get_the_policy_and_may_have_scripts_inside(base: Base) -> None:
    own_template(
        base, "main.html", '{% extends "base.html" %}{% block extrahead %}<script>mine()</script>{% endblock %}'
    )
    assert base.build() == []
    text = base.file("о/другом/index.html").partition('content="')[2].partition('"')[0]
    assert directives(text)["script-src"] == ["'self'", *inline("<script>mine()</script>").scripts]


def test_no_hash_comes_from_a_note(base: Base) -> None:
    own_template(base, "main.html", '{% extends "base.html" %}{% block content %}{{ page.content }}{% endblock %}')
    home, *others = base.site.pages
    base.site = replace(base.site, pages=(home._replace(shut=shut("<script>evil()</script>")), *others))
    base.build()
    assert "evil()" in base.file("index.html")  # what was given stands there, and the policy does not allow it
    assert "sha256" not in base.file("_headers")


def test_a_script_that_differs_from_page_to_page_is_said_to_be_lost(base: Base) -> None:
    own_template(base, "main.html", EXTRA_HEAD % "<script>at('{{ page.url }}')</script>")
    assert any("differs from page to page" in warning for warning in base.build())
    assert "sha256" not in base.file("_headers")


def test_a_template_that_asks_another_host_is_said_to_be_lost(base: Base) -> None:
    own_template(base, "main.html", EXTRA_HEAD % '<script src="https://example.org/x.js"></script>')
    assert any("https://example.org/x.js" in warning for warning in base.build())
