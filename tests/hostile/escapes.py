"""Ways out of a session, each a function that is true when it got out; `GIVEN` says what lies outside.

This is the code of a note: it knows nothing but the standard library, and is run with and without the sandbox.
"""

import ctypes
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

GIVEN: dict[str, Any] = {}
LIBC: Any = ctypes.CDLL(None, use_errno=True)
NEW_USER, NEW_MOUNTS = 0x10000000, 0x00020000
SYSCALLS = {
    "x86_64": {"clone": 56, "add_key": 248},
    "aarch64": {"clone": 220, "add_key": 217},
}[os.uname().machine]


def in_a_child(action: Callable[[], Any]) -> bool:
    """Whether the action is true in a process of its own, which it may spoil or leave."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if action() else 1)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def read_a_file_at_home() -> bool:
    return "secret" in Path(GIVEN["secret"]).read_text()


def list_the_home_folder() -> bool:
    return bool(os.listdir(Path(GIVEN["secret"]).parent))


def link_to_a_file_at_home() -> bool:
    os.symlink(GIVEN["secret"], "link")
    return "secret" in Path("link").read_text()


def hard_link_to_a_file_at_home() -> bool:
    os.link(GIVEN["secret"], "hard")
    return "secret" in Path("hard").read_text()


def read_through_the_root_of_another_process() -> bool:
    return "secret" in Path(f"/proc/{GIVEN['pid']}/root{GIVEN['secret']}").read_text()


def read_the_environment_of_another_process() -> bool:
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and GIVEN["token"].encode() in (folder / "environ").read_bytes():
                return True
        except OSError:
            continue
    return False


def write_into_the_base() -> bool:
    Path(GIVEN["base"], "pages", "planted.md").write_text("- planted\n")
    return True


def write_beside_the_base() -> bool:
    Path(GIVEN["base"], "..", "planted.txt").write_text("planted")
    return True


def change_an_installed_package() -> bool:
    with open(GIVEN["package"], "ab"):
        return True


def change_kbtool_itself() -> bool:
    with open(GIVEN["kbtool"], "ab"):
        return True


def write_into_the_cache() -> bool:
    (Path(GIVEN["cache"]) / "planted.json").write_text("{}")
    return True


def connect_by_tcp() -> bool:
    with socket.create_connection(("127.0.0.1", GIVEN["tcp"]), timeout=2):
        return True


def send_by_udp() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(2)
        line.sendto(b"?", ("127.0.0.1", GIVEN["udp"]))
        return line.recv(1) == b"!"


def connect_to_a_socket_without_a_file() -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect("\0" + GIVEN["abstract"])
        return True


def connect_to_a_socket_in_a_file() -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(GIVEN["socket"])
        return True


def send_a_signal_to_another_process() -> bool:
    os.kill(GIVEN["pid"], 0)
    return True


def trace_its_parent() -> bool:
    def attach() -> bool:
        seize, detach = 0x4206, 17
        parent = os.getppid()
        return bool(LIBC.ptrace(seize, parent, None, None) == 0 and (LIBC.ptrace(detach, parent, None, None) or True))

    # The session itself may be traced by its children only if nothing forbids tracing.
    LIBC.prctl(0x59616D61, ctypes.c_long(-1), 0, 0, 0)
    return in_a_child(attach)


def read_the_memory_of_its_parent() -> bool:
    there = ctypes.create_string_buffer(b"memory")
    LIBC.prctl(0x59616D61, ctypes.c_long(-1), 0, 0, 0)
    session = os.getpid()

    def peek() -> bool:
        here = ctypes.create_string_buffer(6)

        class Piece(ctypes.Structure):
            _fields_ = (("start", ctypes.c_void_p), ("size", ctypes.c_size_t))

        ours, its = Piece(ctypes.addressof(here), 6), Piece(ctypes.addressof(there), 6)
        return bool(LIBC.process_vm_readv(session, ctypes.byref(ours), 1, ctypes.byref(its), 1, 0) == 6)

    return in_a_child(peek)


def make_a_user_namespace() -> bool:
    return in_a_child(lambda: LIBC.unshare(NEW_USER) == 0)


def clone_into_a_user_namespace() -> bool:
    pid = LIBC.syscall(SYSCALLS["clone"], NEW_USER | signal.SIGCHLD, None, None, None, None)
    if pid == 0:
        os._exit(0)
    return bool(pid > 0)


def mount_a_file_system() -> bool:
    def mount() -> bool:
        LIBC.unshare(NEW_USER | NEW_MOUNTS)
        return bool(LIBC.mount(b"none", b"/", b"tmpfs", 0, None) == 0)

    return in_a_child(mount)


def change_the_root() -> bool:
    def change() -> bool:
        LIBC.unshare(NEW_USER)
        return bool(LIBC.chroot(b"/") == 0)

    return in_a_child(change)


def add_a_key_to_the_kernel() -> bool:
    return bool(LIBC.syscall(SYSCALLS["add_key"], b"user", b"kbtool", b"x", 1, -2) > 0)


def set_up_an_io_ring() -> bool:
    fd = LIBC.syscall(425, 1, ctypes.create_string_buffer(120))
    if fd >= 0:
        os.close(fd)
    return bool(fd >= 0)


def write_a_file_without_end() -> bool:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open("large", "wb") as file:
        file.truncate(100 << 30)
    return True


def change_the_mode_of_a_file_at_home() -> bool:
    os.chmod(GIVEN["secret"], 0o640)
    return True


def change_the_mode_of_an_open_file() -> bool:
    with open(GIVEN["note"]) as file:
        os.fchmod(file.fileno(), 0o640)
    return True


def change_the_times_of_a_file_at_home() -> bool:
    os.utime(GIVEN["secret"], (0, 0))
    return True


def see_the_attributes_of_a_file_at_home() -> bool:
    return os.listxattr(GIVEN["secret"]) is not None


def look_at_the_limits_of_another_process() -> bool:
    return bool(resource.prlimit(GIVEN["pid"], resource.RLIMIT_NOFILE))


def slow_another_process_down() -> bool:
    os.setpriority(os.PRIO_PROCESS, GIVEN["pid"], 1)
    return True


def keep_another_process_from_a_core() -> bool:
    before = os.sched_getaffinity(GIVEN["pid"])
    os.sched_setaffinity(GIVEN["pid"], {min(before)})
    changed = os.sched_getaffinity(GIVEN["pid"]) != before or len(before) == 1
    os.sched_setaffinity(GIVEN["pid"], before)
    return changed


def leave_memory_for_others() -> bool:
    kept = LIBC.shmget(0, 4096, 0o600)
    return bool(kept >= 0 and LIBC.shmctl(kept, 0, None) == 0)


def watch_what_others_open() -> bool:
    fd = LIBC.fanotify_init(0x200, 0)
    if fd >= 0:
        os.close(fd)
    return bool(fd >= 0)


def look_into_another_session() -> bool:
    for _ in range(30):
        for path in Path.cwd().parent.iterdir():
            if path.name != Path.cwd().name and (path / "own").exists():
                found = (path / "own").read_text() == "x"
                (path / "seen").write_text("")  # it need not stay any longer
                return found
        time.sleep(0.1)
    return False


PROBES = [one for name, one in list(globals().items()) if callable(one) and getattr(one, "__module__", "") == __name__]
PROBES = [one for one in PROBES if one is not in_a_child]


def escapes() -> list[str]:
    """The names of the ways that led out."""
    found = []
    for probe in PROBES:
        try:
            if probe():
                found.append(probe.__name__)
        except Exception:
            continue
    return found
