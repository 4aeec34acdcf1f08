"""The system call filter: a classic BPF program that the kernel runs at every call of a confined process.

docs.kernel.org/userspace-api/seccomp_filter.html. The kernel gives the filter `struct seccomp_data`: call
number at byte 0, architecture at 4, arguments as 64-bit words from 16. A filter cannot follow pointers, so
calls that take their flags in a struct (clone3, openat2) are not on the list. O(length of the list) a call,
which the kernel caches for calls that are allowed whatever their arguments.
"""

import ctypes
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Sequence

from instruction_tuning.sandbox.inside.kernel import PR_SET_SECCOMP, prctl
from instruction_tuning.sandbox.inside.syscalls import ALLOWED, ARCHITECTURES, CHECKED, REFUSED, numbers

_LOAD, _AND, _JUMP_EQUAL, _JUMP_BITS, _RETURN = 0x20, 0x54, 0x15, 0x45, 0x06
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_EPERM = 0x00050000 | errno.EPERM
_ENOSYS = 0x00050000 | errno.ENOSYS
_FILTER_MODE = 2

_CLONE_THREAD = 0x00010000
# CLONE_NEW* of linux/sched.h: a namespace of one's own would bring capabilities.
_CLONE_NAMESPACES = 0x7E020080
# No F_SETOWN or F_SETSIG: a descriptor's owner may be any process, which then gets signals.
_FCNTL = (
    fcntl.F_DUPFD, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_SETFL, fcntl.F_GETLK, fcntl.F_SETLK,
    fcntl.F_SETLKW, fcntl.F_DUPFD_CLOEXEC,
)  # fmt: skip
# TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: isatty and non-blocking pipes.
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)

Instruction = tuple[int, int, int, int]


def install(machine: str, *, processes: int, not_signalled: Sequence[int] = ()) -> None:
    """Confine this thread and all that it will start, for good; no_new_privs must be set.

    Where several processes may be started, the namespace's first, the parent and `not_signalled` are spared.
    """
    spared = (1, os.getppid(), *not_signalled)
    filtering = filter_program(machine, processes, os.getpid(), spared)
    program = b"".join(struct.pack("HBBI", *one) for one in filtering)
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a 16-bit count, padding, a pointer.
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    pointer = ctypes.create_string_buffer(header, len(header))
    prctl(PR_SET_SECCOMP, _FILTER_MODE, ctypes.cast(pointer, ctypes.c_void_p))


def filter_program(
    machine: str, processes: int, own_pid: int, spared: Sequence[int] = ()
) -> list[Instruction]:
    """The BPF instructions (code, jump if true, jump if false, constant)."""
    program: list[Instruction] = [
        (_LOAD, 0, 0, 4),
        (_JUMP_EQUAL, 1, 0, ARCHITECTURES[machine][1]),
        (_RETURN, 0, 0, _KILL),  # a 32-bit call has other numbers
        (_LOAD, 0, 0, 0),
    ]
    for number in numbers(ALLOWED, machine):
        program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    rules = _rules(processes, own_pid, spared)
    for name, both in CHECKED.items():
        for number in numbers({name: both}, machine):
            rule = rules[name]
            program += [(_JUMP_EQUAL, 0, len(rule), number), *rule]
    for number in numbers(REFUSED, machine):
        program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _EPERM)]
    return [*program, (_RETURN, 0, 0, _ENOSYS)]


def _rules(processes: int, own_pid: int, spared: Sequence[int]) -> dict[str, list[Instruction]]:
    """What decides the calls of CHECKED; each rule ends with a verdict."""
    allow, refuse = [(_RETURN, 0, 0, _ALLOW)], [(_RETURN, 0, 0, _EPERM)]
    several = processes > 1
    # Several processes live in a process namespace of their own, in which they may signal each other.
    signal = _process_but(spared) if several else _one_of(0, (own_pid,))
    return {
        "clone": [_argument(0), (_JUMP_BITS, 0, 1, _CLONE_NAMESPACES), *refuse, *allow]
        if several
        else [_argument(0), (_JUMP_BITS, 0, 1, _CLONE_THREAD), *allow, *refuse],
        "fork": allow if several else refuse,
        "vfork": allow if several else refuse,
        "kill": signal,
        "tgkill": signal,
        "open": _without_silent_truncation(1),
        "openat": _without_silent_truncation(2),
        "fcntl": _one_of(1, _FCNTL),
        "ioctl": _one_of(1, _IOCTL),
        "prlimit64": _one_of(0, (0, own_pid)),  # limits of others, that is
        # asyncio wakes itself through a connected pair, which leads nowhere else.
        "socketpair": [
            _argument(0),
            (_JUMP_EQUAL, 0, 3, int(socket.AF_UNIX)),
            _argument(1),
            (_AND, 0, 0, 0xF),
            (_JUMP_EQUAL, 1, 0, int(socket.SOCK_STREAM)),
            *refuse,
            *allow,
        ],
    }


def _argument(index: int) -> Instruction:
    return (_LOAD, 0, 0, 16 + 8 * index)


def _one_of(index: int, values: tuple[int, ...]) -> list[Instruction]:
    rule = [_argument(index)]
    for value in values:
        rule += [(_JUMP_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return [*rule, (_RETURN, 0, 0, _EPERM)]


def _process_but(spared: Sequence[int]) -> list[Instruction]:
    # A negative number is a group, or everybody; 0 is the group that a program leads.
    rule = [_argument(0), (_JUMP_BITS, 0, 1, 1 << 31), (_RETURN, 0, 0, _EPERM)]
    for process in spared:
        rule += [(_JUMP_EQUAL, 0, 1, process), (_RETURN, 0, 0, _EPERM)]
    return [*rule, (_RETURN, 0, 0, _ALLOW)]


def _without_silent_truncation(index: int) -> list[Instruction]:
    # O_TRUNC empties a file that was opened for reading, which Landlock sees from its third version on only.
    return [
        _argument(index),
        (_AND, 0, 0, os.O_TRUNC | os.O_ACCMODE),
        (_JUMP_EQUAL, 0, 1, os.O_TRUNC | os.O_RDONLY),
        (_RETURN, 0, 0, _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
