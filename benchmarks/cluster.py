"""Two hundred small sessions on this machine, and on a Dask cluster of this machine, in turns.

    python -m benchmarks.cluster [--runs N] [--sessions N]

The cluster is a scheduler and a worker process a core, each with one thread, so both have the same cores; so what the
cluster takes longer is its overhead: a cold start for each session, and the way there and back.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from kbtool.cells.environment import cores

CODE = "print(sum(range(1000)) + {})"
SETTINGS = "site_name: x\ndocs_dir: kb\nplugins: [kbtool]\n"


def base(folder: Path, sessions: int) -> None:
    (folder / "kb/pages").mkdir(parents=True)
    (folder / "mkdocs.yml").write_text(SETTINGS)
    for number in range(sessions):
        note = f"- ```python\n  {CODE.format(number)}\n  ```\n"
        (folder / f"kb/pages/{number}.md").write_text(note)


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[str]:
    """The address of a scheduler with workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    one = ["worker", address, "--nthreads=1", "--no-nanny", "--no-dashboard", f"--local-directory={folder}"]
    every = [["scheduler", "--host=127.0.0.1", f"--port={port}", "--no-dashboard"], *[one] * workers]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for words in every:
            log = (folder / f"{len(started)}.log").open("wb")
            command = [sys.executable, "-m", "dask", *words]
            started.append(subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True))
        logs = [folder / f"{number}.log" for number in range(1, workers + 1)]
        while not all("Registered to" in log.read_text("utf-8") for log in logs):
            time.sleep(0.1)
        yield address
    finally:
        for process in started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def seconds(folder: Path, sessions: int, words: Sequence[str]) -> float:
    """What a run of all sessions takes, from the command's start to its end."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "kbtool", "run", "--force", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if f"{sessions} ran" not in done.stdout:
        sys.exit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sessions", type=int, default=200)
    options = parser.parse_args()
    workers, count = cores(), options.sessions
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        base(folder, count)
        took: dict[str, list[float]] = {"local": [], "cluster": []}
        with cluster(folder, workers) as address:
            for _ in range(options.runs):
                took["local"].append(seconds(folder, count, []))
                took["cluster"].append(seconds(folder, count, ["--on", address]))
    print(f"{platform.platform()}, Python {platform.python_version()}, {workers} cores, {count} sessions")
    middle = {name: statistics.median(found) for name, found in took.items()}
    for name, found in took.items():
        spread = f"{min(found):.2f} to {max(found):.2f}"
        print(f"{name:8} {middle[name]:6.2f} s ({spread})  {count / middle[name]:6.1f} sessions a second")
    more = (middle["cluster"] - middle["local"]) * workers / count * 1000
    print(f"overhead a session: {more:.0f} ms of a core; {middle['cluster'] / middle['local']:.1f} times local")


if __name__ == "__main__":
    main()
