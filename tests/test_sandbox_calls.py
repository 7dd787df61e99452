"""What a session may no longer ask of the kernel, call by call; each goes through where nothing is taken away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from kbtool.cells.sandbox import Folders, Sandbox, Wanted, command, confinement, features, found

NO_FOLDERS = Folders((), ())
BEGIN = """
import ctypes, errno, fcntl, json, os, resource, signal, socket, struct, sys
from kbtool.cells import confine
if json.loads(sys.argv[1]):
    confine.restrict(json.loads(sys.argv[1]))
"""
# Each is true where the call did what it says, or found fault with what it was given; -1 is nobody's.
CALLS = """
LIBC = ctypes.CDLL(None, use_errno=True)
CALL = {"x86_64": 1, "aarch64": 0}[os.uname().machine]
held = os.memfd_create("held")
path = f"/proc/self/fd/{held}".encode()
uid, gid = os.getuid(), os.getgid()
other = os.fork()
if other == 0:
    signal.pause()
os.setpgid(other, other)  # else this group would be that of the tests

def there(answer, *wanted):
    return answer >= 0 or ctypes.get_errno() in wanted

def numbered(x86, arm, *given):
    return LIBC.syscall(x86 if CALL else arm, *given)

def removed(one, remove):
    if one >= 0:
        remove(one)
    return one >= 0

def changed(process):
    before = os.sched_getaffinity(process)
    os.sched_setaffinity(process, {min(before)})
    try:
        return os.sched_getaffinity(process) != before or len(before) == 1
    finally:
        os.sched_setaffinity(process, before)

def attributes(process):
    return there(numbered(314, 274, process, struct.pack("IIQiIQQQ", 48, 3, 0, 19, 0, 0, 0, 0), 0))

none = ctypes.c_long(-1)
OF_OTHERS = {
    "chown": lambda: there(LIBC.chown(path, uid, gid)),
    "fchown": lambda: there(LIBC.fchown(held, uid, gid)),
    "lchown": lambda: there(LIBC.lchown(b"/nowhere", uid, gid), errno.ENOENT),
    "fchownat": lambda: there(LIBC.fchownat(-100, path, uid, gid, 0)),
    "fanotify_init": lambda: removed(LIBC.fanotify_init(0x200, 0), os.close),
    "inotify_init": lambda: removed(LIBC.inotify_init1(0), os.close),
    "io_setup": lambda: not CALL or there(LIBC.syscall(206, 1, bytes(8))),
    "a lease on a file": lambda: fcntl.fcntl(os.open(sys.executable, os.O_RDONLY), 1024, 0) == 0,
    "a note of changes": lambda: fcntl.fcntl(os.open("/", os.O_RDONLY), 1026, 0) == 0,
    "sethostname": lambda: there(LIBC.sethostname(b"x", none), errno.EINVAL),
    "setdomainname": lambda: there(LIBC.setdomainname(b"x", none), errno.EINVAL),
    "shmget": lambda: removed(LIBC.shmget(0, 4096, 0o600), lambda one: LIBC.shmctl(one, 0, None)),
    "shmat": lambda: there(LIBC.shmat(-1, None, 0), errno.EINVAL),
    "shmctl": lambda: there(LIBC.shmctl(-1, 0, None), errno.EINVAL),
    "shmdt": lambda: there(LIBC.shmdt(None), errno.EINVAL),
    "semget": lambda: removed(LIBC.semget(0, 1, 0o600), lambda one: LIBC.semctl(one, 0, 0)),
    "semop": lambda: there(LIBC.semop(-1, bytes(6), 1), errno.EINVAL),
    "semctl": lambda: there(LIBC.semctl(-1, 0, 0), errno.EINVAL),
    "semtimedop": lambda: there(numbered(220, 192, -1, bytes(6), 1, None), errno.EINVAL),
    "msgget": lambda: removed(LIBC.msgget(0, 0o600), lambda one: LIBC.msgctl(one, 0, None)),
    "msgsnd": lambda: there(LIBC.msgsnd(-1, struct.pack("ll", 1, 0), 1, 0), errno.EINVAL),
    "msgrcv": lambda: there(LIBC.msgrcv(-1, bytes(16), 1, 0, 0), errno.EINVAL),
    "msgctl": lambda: there(LIBC.msgctl(-1, 0, None), errno.EINVAL),
    "mq_open": lambda: there(numbered(240, 180, b"kbtool-nothing", 0, 0, None), errno.ENOENT),
    "mq_unlink": lambda: there(numbered(241, 181, b"kbtool-nothing"), errno.ENOENT),
    "prlimit64": lambda: bool(resource.prlimit(other, resource.RLIMIT_NOFILE)),
    "setpriority": lambda: os.setpriority(os.PRIO_PROCESS, other, 5) is None,
    "setpriority of a group": lambda: os.setpriority(os.PRIO_PGRP, os.getpgid(other), 5) is None,
    "setpriority of a user": lambda: there(LIBC.setpriority(os.PRIO_USER, 4_000_000, 19), errno.ESRCH),
    "sched_setparam": lambda: os.sched_setparam(other, os.sched_param(0)) is None,
    "sched_setscheduler": lambda: os.sched_setscheduler(other, os.SCHED_BATCH, os.sched_param(0)) is None,
    "sched_setattr": lambda: attributes(other),
    "sched_setaffinity": lambda: changed(other),
    "ioprio_set": lambda: there(numbered(251, 30, 1, other, 3 << 13)),
    "ioprio_set of a user": lambda: there(numbered(251, 30, 3, 4_000_000, 3 << 13), errno.ESRCH),
}
def old(x86, *given):
    return there(LIBC.syscall(x86, *given) if CALL else LIBC.utimensat(-100, path, None, 0))

def at(x86, arm, file, *given):
    return there(numbered(x86, arm, file, b"", *given), errno.ERANGE)

def made(*ends):
    for end in ends:
        end.close()
    return True

OF_FILES = {
    "chmod": lambda: there(LIBC.chmod(path, 0o600)),
    "fchmod": lambda: there(LIBC.fchmod(held, 0o600)),
    "fchmodat": lambda: there(LIBC.fchmodat(-100, path, 0o600, 0)),
    "fchmodat2": lambda: there(LIBC.syscall(452, -100, path, 0o600, 0), errno.ENOSYS),
    "utime": lambda: old(132, path, None),
    "utimes": lambda: old(235, path, None),
    "futimesat": lambda: old(261, -100, path, None),
    "utimensat": lambda: there(LIBC.utimensat(-100, path, None, 0)),
    "futimens": lambda: there(LIBC.futimens(held, None)),
    "setxattr": lambda: at(188, 5, path, b"x", 1, 0),
    "lsetxattr": lambda: at(189, 6, path, b"x", 1, 0),
    "fsetxattr": lambda: at(190, 7, held, b"x", 1, 0),
    "getxattr": lambda: at(191, 8, path, None, 0),
    "lgetxattr": lambda: at(192, 9, path, None, 0),
    "fgetxattr": lambda: at(193, 10, held, None, 0),
    "listxattr": lambda: there(numbered(194, 11, path, None, 0)),
    "llistxattr": lambda: there(numbered(195, 12, path, None, 0)),
    "flistxattr": lambda: there(numbered(196, 13, held, None, 0)),
    "removexattr": lambda: at(197, 14, path),
    "lremovexattr": lambda: at(198, 15, path),
    "fremovexattr": lambda: at(199, 16, held),
    "setting flags": lambda: there(LIBC.ioctl(held, 0x40086602, bytes(8)), errno.ENOTTY, errno.EOPNOTSUPP),
    "a socket": lambda: made(socket.socket(socket.AF_UNIX)),
    "a socket of datagrams": lambda: made(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)),
    "a pair for datagrams": lambda: made(*socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)),
    "a pair for packets": lambda: made(*socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)),
}
OF_ITSELF = {
    "a pair of streams": lambda: made(*socket.socketpair()),
    "prlimit64": lambda: resource.prlimit(0, resource.RLIMIT_NOFILE) == resource.prlimit(os.getpid(), 7),
    "setrlimit": lambda: resource.setrlimit(resource.RLIMIT_STACK, resource.getrlimit(resource.RLIMIT_STACK)) is None,
    "nice": lambda: os.nice(1) > 0,
    "setpriority": lambda: os.setpriority(os.PRIO_PROCESS, os.getpid(), 6) is None,
    "sched_setscheduler": lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)) is None,
    "sched_setattr": lambda: attributes(0),
    "sched_setaffinity": lambda: changed(0) and changed(os.getpid()),
    "ioprio_set": lambda: there(numbered(251, 30, 1, 0, 3 << 13)),
}

def goes(action):
    try:
        return bool(action())
    except OSError:
        return False

tables = {"others": OF_OTHERS, "files": OF_FILES, "itself": OF_ITSELF}
told = {name: {call: goes(action) for call, action in calls.items()} for name, calls in tables.items()}
os.kill(other, signal.SIGKILL)
print(json.dumps(told))
"""
SEEN = """
import subprocess
def capabilities(text):
    return [int(line.split()[1], 16) for line in text.splitlines() if line.startswith("Cap")]
own = capabilities(open("/proc/self/status").read())
executed = capabilities(subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True).stdout)
print(json.dumps([own, executed]))
"""
_, OTHERS, FILES, ITSELF = (
    [line.split('"')[1] for line in part.splitlines() if line.startswith('    "')] for part in CALLS.split("\nOF_")
)
# Root's hosts have names that an ordinary user may not give them, without any sandbox.
OF_ROOT = ("sethostname", "setdomainname")
needs_seccomp = pytest.mark.skipif(not features()[2].works, reason=f"no seccomp: {features()[2].why}")
needs_bubblewrap = pytest.mark.skipif(not features()[0].works, reason=f"no bubblewrap: {features()[0].why}")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities at all")
WALLS = ["bubblewrap", "Landlock", "seccomp", "none of them"]


def behind(sandbox: Sandbox, code: str) -> Any:
    """What code says that restricts itself as a session does behind these walls."""
    asked = confinement(sandbox, NO_FOLDERS, 0)
    given = json.dumps(asked._asdict() if asked else None)
    line = [*command(sandbox, NO_FOLDERS, "/"), sys.executable, "-c", BEGIN + code, given]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def walls(which: str) -> Sandbox:
    """A sandbox that consists of this wall alone."""
    if which in WALLS[:3] and not features()[WALLS.index(which)].works:
        pytest.skip(f"no {which} here")
    program = found(Wanted()).bwrap if which == "bubblewrap" else ""
    return Sandbox(Wanted(), program, which == "Landlock", which == "seccomp")


@cache
def said(which: str) -> Mapping[str, Mapping[str, bool]]:
    """Which calls go through: inside bubblewrap, without it, or where there is no sandbox at all."""
    program = found(Wanted()).bwrap if which == "inside" else ""
    answers: dict[str, dict[str, bool]] = behind(
        Sandbox(Wanted("none")) if which == "none" else Sandbox(Wanted(), program, seccomp=True), CALLS
    )
    return answers


@needs_seccomp
@pytest.mark.parametrize("which", ["alone", pytest.param("inside", marks=needs_bubblewrap)])
@pytest.mark.parametrize("call", OTHERS)
def test_what_no_computation_asks_for_is_refused(which: str, call: str) -> None:
    assert not said(which)["others"][call]


@pytest.mark.parametrize("call", [pytest.param(one, marks=needs_root if one in OF_ROOT else ()) for one in OTHERS])
def test_without_a_sandbox_it_is_not(call: str) -> None:
    assert said("none")["others"][call]


@needs_seccomp
@pytest.mark.parametrize("call", FILES)
def test_what_bubblewrap_alone_keeps_from_other_files_is_refused_without_it(call: str) -> None:
    assert not said("alone")["files"][call]


@pytest.mark.parametrize("which", ["none", pytest.param("inside", marks=[needs_seccomp, needs_bubblewrap])])
@pytest.mark.parametrize("call", FILES)
def test_it_is_not_refused_elsewhere(which: str, call: str) -> None:
    assert said(which)["files"][call]


@needs_seccomp
@pytest.mark.parametrize("which", ["alone", pytest.param("inside", marks=needs_bubblewrap)])
@pytest.mark.parametrize("call", ITSELF)
def test_of_itself_a_session_may_ask_it(which: str, call: str) -> None:
    assert said(which)["itself"][call]


@needs_seccomp
def test_threads_that_are_bound_to_cores_begin() -> None:
    code = "os.environ |= {'OMP_PROC_BIND': 'true', 'OMP_PLACES': 'cores', 'OMP_NUM_THREADS': '2'}\nimport torch\n"
    code += "print(float((torch.ones(600, 600) @ torch.ones(600, 600)).sum()))"
    assert behind(walls("seccomp"), code) == 600**3


@needs_root
@pytest.mark.parametrize("which", WALLS)
def test_a_session_of_root_has_no_capabilities(which: str) -> None:
    own, executed = behind(walls(which), SEEN)
    assert own == executed == [0, 0, 0, 0, 0]


@needs_root
def test_without_a_sandbox_it_has_them() -> None:
    own, executed = behind(Sandbox(Wanted("none")), SEEN)
    assert all(any(found) for found in (own, executed))
