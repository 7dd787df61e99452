"""Takes rights away from the process that it runs in, for good: files, signals, system calls, resources, what root may.

Loaded by `session`, and by the caller to ask what this machine can do; imports nothing but the standard library.
Landlock and seccomp hold for all that the process starts, and need no privilege. Constants are those of Linux' headers
(`linux/landlock.h`, `linux/seccomp.h`, `linux/audit.h`, and the tables of system calls of both architectures).
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2

# ---------------------------------------------------------------- Landlock

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on all architectures
_VERSION, _BENEATH = 1, 1
_EXECUTE, _WRITE, _READ, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_ALL = 1 << 13  # all rights of the first version are below
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _IOCTL
_SCOPES = 0b11  # abstract sockets, signals


def landlock_version() -> int:
    """Which version of Landlock the kernel has, 0 for none."""
    if not hasattr(os, "pidfd_open"):  # not Linux
        return 0
    return max(0, int(ctypes.CDLL(None).syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)))


def restrict_files(readable: Iterable[str], writable: Iterable[str], listable: Iterable[str] = ()) -> None:
    """Nothing but these files, and what lies beneath these folders, can be reached; of those that are `listable` only
    the names. Signals reach only own children."""
    libc, version = ctypes.CDLL(None, use_errno=True), landlock_version()
    handled = (_ALL - 1) | (_REFER if version > 1 else 0) | (_TRUNCATE if version > 2 else 0)
    handled |= _IOCTL if version > 4 else 0
    words = (handled,) if version < 4 else (handled, 0) if version < 6 else (handled, 0, _SCOPES)
    attributes = struct.pack(f"={len(words)}Q", *words)
    rules = _checked(libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0), "landlock")
    read = _EXECUTE | _READ | _LIST
    for paths, rights in ((readable, read), (writable, handled), (listable, _LIST)):
        for path in paths:
            _allow(libc, rules, path, rights)
    _prctl(libc, _NO_NEW_PRIVS, 1)
    _checked(libc.syscall(_RESTRICT, rules, 0), "landlock")
    os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there needs no right
        return
    allowed = rights if os.path.isdir(path) else rights & _OF_FILES  # noqa: PTH112
    if allowed:
        _checked(libc.syscall(_ADD, rules, _BENEATH, struct.pack("=Qi", allowed, fd), 0), "landlock")
    os.close(fd)


# ---------------------------------------------------------------- seccomp

# Each with its numbers on x86-64 and on ARM64, 0 where it has none.
_REFUSED = (
    "ptrace:101:117 syslog:103:116 pivot_root:155:41 adjtimex:159:171 chroot:161:51 acct:163:89 settimeofday:164:170 "
    "mount:165:40 umount2:166:39 swapon:167:224 swapoff:168:225 reboot:169:142 sethostname:170:161 "
    "setdomainname:171:162 init_module:175:105 delete_module:176:106 quotactl:179:60 clock_settime:227:112 "
    "kexec_load:246:104 add_key:248:217 request_key:249:218 keyctl:250:219 unshare:272:97 perf_event_open:298:241 "
    "fanotify_init:300:262 open_by_handle_at:304:265 clock_adjtime:305:266 setns:308:268 process_vm_readv:310:270 "
    "process_vm_writev:311:271 finit_module:313:273 kexec_file_load:320:294 bpf:321:280 userfaultfd:323:282 "
    "chown:92:0 fchown:93:55 lchown:94:0 fchownat:260:54 "
    # What all programs of a user, or of a machine, have a number of together.
    "inotify_init:253:0 inotify_init1:294:26 io_setup:206:0 "
    # What lives longer than who made it, and is seen by all of a user or of a sandbox.
    "shmget:29:194 shmat:30:196 shmctl:31:195 shmdt:67:197 semget:64:190 semop:65:193 semctl:66:191 semtimedop:220:192 "
    "msgget:68:186 msgsnd:69:189 msgrcv:70:188 msgctl:71:187 mq_open:240:180 mq_unlink:241:181"
)
# What Landlock leaves to whoever owns a file that may be read: its mode, its times, its attributes.
_OF_OWNERS = (
    "chmod:90:0 fchmod:91:52 fchmodat:268:53 fchmodat2:452:452 utime:132:0 utimes:235:0 futimesat:261:0 "
    "utimensat:280:88 file_setattr:469:469"
)
_ATTRIBUTES = (
    "setxattr:188:5 lsetxattr:189:6 fsetxattr:190:7 getxattr:191:8 lgetxattr:192:9 fgetxattr:193:10 listxattr:194:11 "
    "llistxattr:195:12 flistxattr:196:13 removexattr:197:14 lremovexattr:198:15 fremovexattr:199:16 setxattrat:463:463 "
    "getxattrat:464:464 listxattrat:465:465 removexattrat:466:466"
)
_ASKED = (
    "ioctl:16:29 fcntl:72:25 socket:41:198 socketpair:53:199 clone:56:220 setpriority:141:140 sched_setparam:142:118 "
    "sched_setscheduler:144:119 sched_setaffinity:203:122 ioprio_set:251:30 prlimit64:302:261 sched_setattr:314:274"
)
"""Those that are refused with some arguments."""
_MACHINES: Mapping[str, tuple[int, int]] = {"x86_64": (0xC000003E, 1), "aarch64": (0xC00000B7, 2)}
"""The architecture's number, and which of the two numbers of a system call are its own, by machine."""
# io_uring, the newer calls for mounts, pidfd_getfd, process_madvise, process_mrelease: everywhere the same.
_NEW_ONES = (*range(425, 434), 438, 440, 442, 448)
_CLONE3 = 435
_NEW_SPACES = 0x7E020080  # the flags of `clone` that ask for namespaces
_TYPES_INTO_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_OF_SELF = ("prlimit64", "sched_setparam", "sched_setscheduler", "sched_setattr")
_PRIORITIES = (("setpriority", (0, 1)), ("ioprio_set", (1, 2)))  # of a process or a group, not of all that a user has
_FLAGS_OF_FILES = (0x40086602, 0x40046602, 0x40087602, 0x401C5820)  # FS_IOC_SETFLAGS and its like
_WAITED_FOR = (1024, 1026)  # F_SETLEASE, F_NOTIFY: who opens the file elsewhere waits for this process
_UNIX, _INTERNET = (1,), (2, 10, 16)  # families of sockets; 16 lists the network's interfaces
_STREAMS = (0x1, 0x801, 0x80001, 0x80801)  # SOCK_STREAM, blocking or not, kept or closed in other programs
_EPERM, _EACCES, _NOSYS, _NOTSUP = 1, 13, 38, 95
_LOAD, _EQUAL, _ANY_BIT, _NOT_LESS, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24  # where they stand in `seccomp_data`
_OTHER_TABLE = 0x40000000  # x32's system calls, which would go round the list


def has_seccomp() -> bool:
    """Whether system calls can be refused here."""
    if platform.machine() not in _MACHINES or not hasattr(os, "pidfd_open"):
        return False
    with suppress(OSError), open("/proc/sys/kernel/seccomp/actions_avail", encoding="ascii") as file:  # noqa: PTH123
        return "errno" in file.read().split()
    return False


def restrict_calls(asked: Mapping[str, Any]) -> None:
    """No system call goes through that a computation does not need and an attack does; sockets only as asked for."""
    architecture, column = _MACHINES[platform.machine()]
    program = b"".join((*_beginning(architecture), *_program(asked, column), _step(_RETURN, _ALLOW)))
    buffer = ctypes.create_string_buffer(program)
    libc = ctypes.CDLL(None, use_errno=True)
    _prctl(libc, _NO_NEW_PRIVS, 1)
    given = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    _checked(libc.prctl(_SET_SECCOMP, _FILTER, given, 0, 0), "seccomp")


def _numbers(table: str, column: int) -> dict[str, int]:
    found = {words[0]: int(words[column]) for words in (one.split(":") for one in table.split())}
    return {name: number for name, number in found.items() if number}


def _beginning(architecture: int) -> Iterator[bytes]:
    """What makes sure that numbers mean what they say; of a jump's two ways one goes over so many instructions."""
    yield _step(_LOAD, _ARCHITECTURE)
    yield _step(_EQUAL, architecture, yes=1)
    yield _step(_RETURN, _KILL)
    yield _step(_LOAD, _NUMBER)
    yield _step(_NOT_LESS, _OTHER_TABLE, no=1)
    yield _step(_RETURN, _ERROR | _EPERM)


def _program(asked: Mapping[str, Any], column: int) -> Iterator[bytes]:
    """The filter, instruction by instruction."""
    calls = _numbers(_ASKED, column)
    yield from _never((*_numbers(_REFUSED, column).values(), *_NEW_ONES), _EPERM)
    # Its flags lie in memory, which a filter can't read: then `clone` is called.
    yield from _never((_CLONE3,), _NOSYS)
    yield from _argument(calls["clone"], _FIRST, [(_ANY_BIT, _NEW_SPACES)], _ERROR | _EPERM)
    yield from _argument(calls["ioctl"], _SECOND, [(_EQUAL, one) for one in _TYPES_INTO_TERMINAL], _ERROR | _EPERM)
    yield from _argument(calls["fcntl"], _SECOND, [(_EQUAL, one) for one in _WAITED_FOR], _ERROR | _EPERM)
    yield from _of_others(calls)
    families = (*(_UNIX if asked["local"] else ()), *(_INTERNET if asked["internet"] else ()))
    yield from _unless(calls["socket"], _FIRST, families, _ERROR | _EACCES)
    if not asked["local"]:  # of pairs only streams have no way to anybody else
        yield from _unless(calls["socketpair"], _SECOND, _STREAMS, _ERROR | _EACCES)
    if not asked["inside"]:
        yield from _never(_numbers(_OF_OWNERS, column).values(), _EPERM)
        yield from _never(_numbers(_ATTRIBUTES, column).values(), _NOTSUP)
        yield from _argument(calls["ioctl"], _SECOND, [(_EQUAL, one) for one in _FLAGS_OF_FILES], _ERROR | _EPERM)


def _never(numbers: Iterable[int], answer: int) -> Iterator[bytes]:
    """Refuses calls, whatever they say."""
    for number in numbers:
        yield _step(_EQUAL, number, no=1)
        yield _step(_RETURN, _ERROR | answer)


def _of_others(calls: Mapping[str, int]) -> Iterator[bytes]:
    """Refuses to change how other processes run. This one may say 0 for itself, or its number."""
    self = (0, os.getpid())
    for name in _OF_SELF:
        yield from _unless(calls[name], _FIRST, self, _ERROR | _EPERM)
    for name, kinds in _PRIORITIES:
        yield from _unless(calls[name], _FIRST, kinds, _ERROR | _EPERM)
        yield from _unless(calls[name], _SECOND, self, _ERROR | _EPERM)
    # OpenMP starts no thread whose place it cannot choose, and calls threads by their numbers: it is told that all is
    # well, and they run where they may.
    yield from _unless(calls["sched_setaffinity"], _FIRST, self, _ERROR)


def _argument(call: int, place: int, tests: list[tuple[int, int]], answer: int) -> Iterator[bytes]:
    """Refuses a call one of whose arguments passes one of the tests."""
    yield _step(_EQUAL, call, no=1 + 2 * len(tests) + 1)
    yield _step(_LOAD, place)
    for test, value in tests:
        yield _step(test, value, no=1)
        yield _step(_RETURN, answer)
    yield _step(_LOAD, _NUMBER)


def _unless(call: int, place: int, allowed: tuple[int, ...], answer: int) -> Iterator[bytes]:
    """Refuses a call one of whose arguments is none of these."""
    yield _step(_EQUAL, call, no=len(allowed) + 3)
    yield _step(_LOAD, place)
    for at, value in enumerate(allowed):
        yield _step(_EQUAL, value, yes=len(allowed) - at)
    yield _step(_RETURN, answer)
    yield _step(_LOAD, _NUMBER)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


# ---------------------------------------------------------------- capabilities

_BOUNDED, _UNBOUND, _AMBIENT, _CLEAR_ALL = 23, 24, 47, 4  # PR_CAPBSET_READ and so on
_CAPABILITIES = 0x20080522  # the third version of what is given to `capset`


def drop_capabilities() -> None:
    """What root may do beyond others, neither this process nor a program that it executes may any more."""
    libc = ctypes.CDLL(None, use_errno=True)
    _prctl(libc, _NO_NEW_PRIVS, 1)
    number = 0
    while libc.prctl(_BOUNDED, number, 0, 0, 0) >= 0:
        libc.prctl(_UNBOUND, number, 0, 0, 0)  # who may not do that gets none of them by executing, either
        number += 1
    libc.prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    _checked(libc.capset(struct.pack("=Ii", _CAPABILITIES, 0), bytes(24)), "capset")


# ---------------------------------------------------------------- files in memory

SHARED = "/dev/shm"  # noqa: S108
"""Where programs put what they share in memory; the machine's own is seen by all, and keeps what a session left."""
_NEW_USERS, _NEW_MOUNTS = 0x10000000, 0x00020000
_PRIVATE = 0x44000  # MS_REC, MS_PRIVATE
_NO_DEVICES = 0x6  # MS_NOSUID, MS_NODEV


def own_memory(most: int = 0) -> None:
    """Files in memory are this process's own from here on, `most` bytes of them (0: what the system allows), and end
    with it; raises OSError where that is not to be had."""
    libc, user, group = ctypes.CDLL(None, use_errno=True), os.geteuid(), os.getegid()
    if libc.unshare(_NEW_MOUNTS) < 0:
        _checked(libc.unshare(_NEW_USERS | _NEW_MOUNTS), "unshare")
        for name, words in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123
                file.write(words)
    _checked(libc.mount(b"none", b"/", None, ctypes.c_ulong(_PRIVATE), None), "mount")
    sized = f"mode=1777,size={most}" if most else "mode=1777"
    _checked(libc.mount(b"none", SHARED.encode(), b"tmpfs", ctypes.c_ulong(_NO_DEVICES), sized.encode()), "mount")


# ---------------------------------------------------------------- all together


def refusal(asked: Mapping[str, Any] | None) -> str:
    """Takes what is asked for, and says why that is not to be had; empty when it is done."""
    try:
        if asked is not None:
            restrict(asked)
    except (OSError, ValueError) as error:
        return f"this session cannot be kept apart: {error}"
    return ""


def restrict(asked: Mapping[str, Any]) -> None:
    """What `sandbox.Confinement` asks for; raises OSError when it is not to be had."""
    for name, most in asked["limits"].items():
        number = getattr(resource, name)
        _, hard = resource.getrlimit(number)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (least, least))
    if asked["own_memory"]:
        own_memory(asked["memory"])
    if asked["landlock"]:
        restrict_files(asked["readable"], asked["writable"], asked["listable"])
    if sys.platform == "linux":
        drop_capabilities()
    if asked["seccomp"]:
        restrict_calls(asked)


def _prctl(libc: ctypes.CDLL, option: int, value: int) -> None:
    _checked(libc.prctl(option, value, 0, 0, 0), "no_new_privs")


def _checked(answer: int, what: str) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return answer


if __name__ == "__main__":  # asked by `sandbox` whether it can be had
    own_memory()
