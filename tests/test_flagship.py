"""The note that trains the first network: training that is killed goes on from its checkpoint to the same weights."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kbtool.config import Config, GraphSettings
from kbtool.files import BaseFiles
from kbtool.kb import Kb
from kbtool.values import NoteId, Source

pytest.importorskip("torch")
PAGES = Path(__file__).parents[1] / "kb" / "pages"
NOTE = PAGES / "НАША ПЕРВАЯ НЕЙРОНКА.md"
# What the note does at length, shortly: the same functions, less text and fewer steps.
SHORT = """
import hashlib
few, val_set = train_set[:4, :513], val_set[:4, :129]
trained = train(few, 120, every=4, path=STATE / "net.pt")
print(hashlib.sha256(b"".join(w.detach().numpy().tobytes() for w in trained.net.parameters())).hexdigest())
"""


def definitions() -> str:
    """The code of the note's cells as far as training, without the training itself."""
    source = Source(NoteId(NOTE.name), NOTE.read_text("utf-8"))
    snapshot = Kb().snapshot(BaseFiles({source.id: source}, frozenset(), Config(), GraphSettings()))
    code = ["import torch; torch.set_num_threads(1)"]
    for cell in snapshot.notes[source.id].cells:
        if cell.options.name in ("ngrams", "montecarlo"):
            continue
        tree = ast.parse(cell.code)
        if cell.options.name == "train":
            tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        code.append(ast.unparse(tree))
        if cell.options.name == "train":
            return "\n".join(code)
    raise AssertionError("no cell is called train")


def start(program: Path, state: Path) -> subprocess.Popen[str]:
    state.mkdir(exist_ok=True)
    environment = os.environ | {"KBTOOL_STATE": str(state)}
    return subprocess.Popen([sys.executable, str(program)], env=environment, stdout=subprocess.PIPE, text=True)


def test_killed_training_ends_with_the_same_weights(tmp_path: Path) -> None:
    program = tmp_path / "train.py"
    program.write_text(definitions() + SHORT, "utf-8")
    with start(program, tmp_path / "whole") as whole:
        expected = str(whole.communicate()[0]).splitlines()[-1]
    with start(program, tmp_path / "killed") as killed:
        while not (tmp_path / "killed/net.pt").exists() and killed.poll() is None:
            time.sleep(0.001)
        killed.kill()
    assert killed.returncode == -signal.SIGKILL
    with start(program, tmp_path / "killed") as resumed:
        printed = str(resumed.communicate()[0]).splitlines()
    assert printed[-1] == expected
    steps = [line for line in printed if line.startswith("шаг")]
    assert 0 < len(steps) < 30  # it went on, and did not begin anew
