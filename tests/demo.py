"""A small base with every kind of content, for tests of the built site."""

from __future__ import annotations

import shutil
import struct
import zlib
from pathlib import Path

BASE = Path(__file__).parent / "demo_base"


def png(width: int, height: int) -> bytes:
    """A red picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\xff\0\0" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def make(folder: Path, *, url: str = "http://127.0.0.1/", folders: bool = True) -> Path:
    """Copies the base with its mkdocs.yml; gives the folder."""
    shutil.copytree(BASE, folder, dirs_exist_ok=True)
    (folder / "kb/assets").mkdir()
    (folder / "kb/assets/рисунок один.png").write_bytes(png(8, 8))
    (folder / "kb/assets/не названа.png").write_bytes(png(8, 8))
    settings = (BASE / "mkdocs.yml").read_text("utf-8").replace("URL", url).replace("FOLDERS", str(folders).lower())
    (folder / "mkdocs.yml").write_text(settings, "utf-8")
    return folder
