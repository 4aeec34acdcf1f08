"""Calls of the C library and of the kernel that Python 3.11 does not have, through ctypes.

Each raises OSError with the kernel's error number. See the manual pages of section 2 (man7.org).
"""

import ctypes
import os

# prctl(2), linux/prctl.h.
PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38

# unshare(2), linux/sched.h.
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

# mount(2), umount2(2).
MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(name: str, *arguments: object) -> int:
    result: int = getattr(_libc, name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return result


def syscall(number: int, *arguments: int | ctypes.c_void_p | None) -> int:
    """Any system call by its number."""
    as_words = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked("syscall", ctypes.c_long(number), *as_words)


def prctl(option: int, value: int, pointer: "ctypes.c_void_p | int" = 0) -> None:
    """prctl(2)."""
    second = pointer if not isinstance(pointer, int) else ctypes.c_ulong(pointer)
    _checked("prctl", option, ctypes.c_ulong(value), second, ctypes.c_ulong(0), ctypes.c_ulong(0))


def unshare(flags: int) -> None:
    """unshare(2)."""
    _checked("unshare", flags)


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2)."""
    words = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    options = None if data is None else data.encode()
    _checked("mount", *words, ctypes.c_ulong(flags), options)


def unmount(target: str) -> None:
    """umount2(2) with MNT_DETACH: gone from the tree at once, and freed when its last user is."""
    _checked("umount2", os.fsencode(target), MNT_DETACH)


def pivot_root(new: str, old: str) -> None:
    """pivot_root(2)."""
    _checked("pivot_root", os.fsencode(new), os.fsencode(old))


def drop_capabilities() -> None:
    """capset(2) to nothing: no privilege is left, within a user namespace or without."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked("capset", header, nothing)
