"""What else a graph's folder says: whiteboards, and what is hidden."""

from __future__ import annotations

from pathlib import Path

from kbtool import disk
from kbtool.config import Config
from kbtool.disk import Project
from kbtool.kb import Kb
from kbtool.whiteboards import whiteboards

SHAPE, SHOWN = "07b7beec-ca6a-11ed-8caa-efa6679223ca", "67a71ecf-a4e1-4d76-9d45-82f185cfb56b"
BOARD = f"""{{:blocks ({{:block/properties {{:ls-type :whiteboard-shape
 :logseq.tldraw.shape {{:type "text" :id "{SHAPE}" :text "see [[Drawn]] and (({SHOWN.upper()}))"}}}}}}
 {{:block/properties {{:logseq.tldraw.shape {{:type "logseq-portal" :blockType "P" :pageId "Portal"}}}}}})
 :pages ({{:block/name "my board" :block/original-name "My \\"Board"}})}}"""


def test_what_a_whiteboard_names() -> None:
    found = whiteboards([("File Name", BOARD)])
    assert found.names == {"file name", "my board", 'my \\"board'}
    assert found.ids == {SHAPE}
    assert found.mentioned == {"drawn", "portal", SHOWN}


def test_links_to_a_whiteboard_and_its_blocks_lead_somewhere(tmp_path: Path) -> None:
    (tmp_path / "whiteboards").mkdir()
    (tmp_path / "whiteboards" / "Board.edn").write_text(BOARD, "utf-8")
    (tmp_path / "a.md").write_text(f"- [[board]] [[My Board]] (({SHAPE})) [[none]] (({SHOWN}))", "utf-8")
    kb = Kb()
    found = kb.check(kb.snapshot(disk.read(Project(tmp_path, None, None, Config(ignore=("orphan-page",))))))
    assert [(one.rule, one.message.split()[-1]) for one in found] == [
        ("missing-page", "«none»"),
        ("dangling-block-ref", SHOWN),
    ]


def test_hidden_paths_are_prefixes(tmp_path: Path) -> None:
    (tmp_path / "logseq").mkdir()
    (tmp_path / "logseq" / "config.edn").write_text('{:hidden ["/ut" "README.md" ""]}', "utf-8")
    for path in ("utils/a.md", "ut.md", "README.md", "but.md", "pages/ut.md"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("- x", "utf-8")
    assert sorted(disk.read(Project(tmp_path, None, None, Config())).sources) == ["but.md", "pages/ut.md"]
