"""What a site shows of a base, and that nothing else of it is seen there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kbtool import publish
from kbtool.config import Config, GraphSettings
from kbtool.kb import BaseFiles, Kb
from kbtool.render.context import Look
from kbtool.render.site import SiteInput
from kbtool.values import NoteId, Source

UUID = "67a71ecf-a4e1-4d76-9d45-82f185cfb56b"


def site(sources: Mapping[str, str], all_public: bool | None = None) -> SiteInput:
    notes = {NoteId(path): Source(NoteId(path), text) for path, text in sources.items()}
    assets = frozenset({"assets/mine.png", "assets/secret.png"})
    files = BaseFiles(notes, assets, Config(), GraphSettings(all_public=all_public))
    return publish.compiled(Kb().snapshot(files), {}, Look("en"))


@pytest.mark.parametrize(
    ("all_public", "shown"),
    [(None, {"plain.md", "yes.md"}), (True, {"plain.md", "yes.md"}), (False, {"yes.md"})],
)
def test_which_pages_a_site_shows(all_public: bool | None, shown: set[str]) -> None:
    sources = {"plain.md": "- x", "yes.md": "public:: true\n\n- x", "no.md": "public:: false\n\n- x"}
    assert {page.path for page in site(sources, all_public).pages if page.path} == shown


def test_the_page_of_an_alias_of_a_public_page_comes_along() -> None:
    sources = {"a.md": "public:: true\nalias:: b\n\n- x", "b.md": "- x", "c.md": "- x"}
    assert {page.path for page in site(sources, False).pages if page.path} == {"a.md", "b.md"}


PRIVATE = f"""title:: Hidden Name
public:: false
alias:: Cover

- secret words about the open page
  id:: {UUID}
- [[open]] ![x](../assets/secret.png)
"""
OPEN = f"""- [[Cover]], #Cover, [label]([[Hidden Name]]), (({UUID})), [mine](({UUID})) ![x](../assets/mine.png)
- {{{{embed (({UUID}))}}}}
- {{{{embed [[Cover]]}}}}
"""


def test_nothing_of_an_unpublished_page_is_seen() -> None:
    found = site({"p.md": PRIVATE, "open.md": OPEN})
    page = next(page for page in found.pages if page.path == "open.md")
    everything = "\n".join(str(one) for one in found.pages)
    for text in ("secret", "Hidden Name", "hidden-name", "p.md"):
        assert text not in everything
    assert page.html.count("Cover") >= 2  # what the author wrote here stays
    assert "label" in page.html
    assert "<a" not in page.html.partition("Cover")[0].rpartition("<p>")[2]
    assert found.assets == ("assets/mine.png",)


QUERIES = """- {{query (not [[x]])}}
- {{query "words about"}}
- {{query (task todo)}} {{function (sum :price)}}
- {{query (page-property rating)}}
- {{query (all-page-tags)}}
- {{query (namespace Realm)}} {{namespace Realm}} {{cards}}
- #+BEGIN_QUERY
  {:query [:find ?c :where [?b :block/content ?c]]}
  #+END_QUERY
- #+BEGIN_QUERY
  {:query [:find ?n :where [?p :block/original-name ?n]]}
  #+END_QUERY
- the realm is open
"""
UNSEEN = """public:: false
rating:: 31337
alias:: Mask
tags:: Veil

- TODO [#A] secret words about #card [[Realm/Depth]] [[a]]
  price:: 42424
"""


def test_queries_find_nothing_of_unpublished_pages() -> None:
    words = ("secret", "Cellar", "31337", "42424", "Mask", "Veil", "Depth")
    notes = {"a.md": QUERIES, "Cellar.md": UNSEEN, "Realm___Cellar.md": UNSEEN}
    seen = "\n".join(str(one) for one in site(notes).pages)
    assert [word for word in words if word in seen or word.lower() in seen] == []
    # Control: the same queries find all of it where it is published.
    notes = {path: text.replace("false", "true") for path, text in notes.items()}
    seen = "\n".join(str(one) for one in site(notes).pages)
    assert [word for word in words if word not in seen] == []


def test_control_a_published_page_is_linked_and_quoted() -> None:
    found = site({"p.md": PRIVATE.replace("false", "true"), "open.md": OPEN})
    everything = "\n".join(str(one) for one in found.pages)
    assert all(text in everything for text in ("secret words", "Hidden Name", "p.md"))
    assert found.assets == ("assets/mine.png", "assets/secret.png")


def test_mentions_without_a_link_stand_below_the_page_folded() -> None:
    pages = {page.path: page.html for page in site({"вес.md": "- x", "a.md": "- сумма весов\n- вес"}).pages}
    section = pages["вес.md"].partition('<details class="kb-backlinks kb-mentions"')[2]
    assert "Mentioned without a link" in section
    assert "сумма весов" in section
    assert "kb-mentions" not in pages["a.md"]
