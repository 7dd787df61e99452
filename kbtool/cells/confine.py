"""Takes rights away from the process that it runs in, for good: files, signals, system calls, resources.

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

_CALLS = (
    "ioctl socket clone ptrace syslog pivot_root adjtimex chroot acct settimeofday mount umount2 swapon swapoff reboot "
    "init_module delete_module quotactl clock_settime kexec_load add_key request_key keyctl unshare perf_event_open "
    "open_by_handle_at clock_adjtime setns process_vm_readv process_vm_writev finit_module kexec_file_load bpf "
    "userfaultfd"
)
_X86 = (
    "16 41 56 101 103 155 159 161 163 164 165 166 167 168 169 175 176 179 227 246 248 249 250 272 298 304 305 308 310 "
    "311 313 320 321 323"
)
_ARM = (
    "29 198 220 117 116 41 171 51 89 170 40 39 224 225 142 105 106 60 112 104 217 218 219 97 241 265 266 268 270 "
    "271 273 294 280 282"
)
_MACHINES: Mapping[str, tuple[int, str]] = {"x86_64": (0xC000003E, _X86), "aarch64": (0xC00000B7, _ARM)}
"""The architecture's number, and those of the system calls that are looked at, by machine."""
_NEW_ONES = (*range(425, 434), 438, 442)  # io_uring, the newer calls for mounts, pidfd_getfd: everywhere the same
_CLONE3 = 435
_NEW_SPACES = 0x7E020080  # the flags of `clone` that ask for namespaces
_TYPES_INTO_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_UNIX, _INTERNET = (1,), (1, 2, 10, 16)  # families of sockets; 16 lists the network's interfaces
_EPERM, _EACCES, _NOSYS = 1, 13, 38
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


def restrict_calls(internet: bool) -> None:
    """No system call goes through that a computation does not need and an attack does; sockets only as allowed."""
    architecture, numbers = _MACHINES[platform.machine()]
    calls = dict(zip(_CALLS.split(), map(int, numbers.split()), strict=True))
    program = b"".join(_program(architecture, calls, internet))
    buffer = ctypes.create_string_buffer(program)
    libc = ctypes.CDLL(None, use_errno=True)
    _prctl(libc, _NO_NEW_PRIVS, 1)
    given = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    _checked(libc.prctl(_SET_SECCOMP, _FILTER, given, 0, 0), "seccomp")


def _program(architecture: int, calls: Mapping[str, int], internet: bool) -> Iterator[bytes]:
    """The filter, instruction by instruction: of a jump's two ways one goes over so many instructions."""
    refused = [number for name, number in calls.items() if name not in ("ioctl", "socket", "clone")]
    yield _step(_LOAD, _ARCHITECTURE)
    yield _step(_EQUAL, architecture, yes=1)
    yield _step(_RETURN, _KILL)
    yield _step(_LOAD, _NUMBER)
    yield _step(_NOT_LESS, _OTHER_TABLE, no=1)
    yield _step(_RETURN, _ERROR | _EPERM)
    for number in (*refused, *_NEW_ONES):
        yield _step(_EQUAL, number, no=1)
        yield _step(_RETURN, _ERROR | _EPERM)
    yield _step(_EQUAL, _CLONE3, no=1)  # its flags lie in memory, which a filter can't read: then `clone` is called
    yield _step(_RETURN, _ERROR | _NOSYS)
    yield from _argument(calls["clone"], _FIRST, [(_ANY_BIT, _NEW_SPACES)], _ERROR | _EPERM)
    yield from _argument(calls["ioctl"], _SECOND, [(_EQUAL, one) for one in _TYPES_INTO_TERMINAL], _ERROR | _EPERM)
    families = _INTERNET if internet else _UNIX
    yield _step(_EQUAL, calls["socket"], no=len(families) + 2)
    yield _step(_LOAD, _FIRST)
    for at, family in enumerate(families):
        yield _step(_EQUAL, family, yes=len(families) - at)
    yield _step(_RETURN, _ERROR | _EACCES)
    yield _step(_RETURN, _ALLOW)


def _argument(call: int, place: int, tests: list[tuple[int, int]], answer: int) -> Iterator[bytes]:
    """Refuses a call one of whose arguments passes one of the tests."""
    yield _step(_EQUAL, call, no=1 + 2 * len(tests) + 1)
    yield _step(_LOAD, place)
    for test, value in tests:
        yield _step(test, value, no=1)
        yield _step(_RETURN, answer)
    yield _step(_LOAD, _NUMBER)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


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
    if asked["landlock"]:
        restrict_files(asked["readable"], asked["writable"], asked["listable"])
    if asked["seccomp"]:
        restrict_calls(asked["internet"])


def _prctl(libc: ctypes.CDLL, option: int, value: int) -> None:
    _checked(libc.prctl(option, value, 0, 0, 0), "no_new_privs")


def _checked(answer: int, what: str) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return answer
