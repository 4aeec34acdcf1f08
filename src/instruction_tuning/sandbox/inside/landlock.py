"""Landlock: which files a confined process may open, decided by the kernel on the file and not on its name.

docs.kernel.org/userspace-api/landlock.html; landlock(7). No privilege is needed. A symbolic link, `..` or a
path through /proc leads to the same refusal, since the file that is reached decides. What Landlock does not
cover (stat, chmod, chown, utime) is refused by the system call filter or hidden by the private root.
"""

import ctypes
import os
import struct

from instruction_tuning.sandbox.inside.kernel import syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1

# linux/landlock.h, LANDLOCK_ACCESS_FS_*.
_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG, _MAKE_SYM = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 12
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

_READ = _READ_FILE | _READ_DIR
_SCRATCH = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_SYM
_TCP_BIND_AND_CONNECT = 3
_SCOPE_ABSTRACT_UNIX_AND_SIGNALS = 3


def version() -> int:
    """The kernel's Landlock version, 0 where there is none: too old, not built, or switched off."""
    try:
        return syscall(_CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return 0


def restrict(*, readable: list[str], writable_files: list[str], scratch: str) -> None:
    """Leave reading below `readable`, writing of `writable_files`, everything below `scratch`.

    Paths that do not exist are passed over. no_new_privs must be set. OSError where the kernel refuses.
    """
    known = version()
    handled = (1 << 13) - 1
    handled |= (_REFER if known >= 2 else 0) | (_TRUNCATE if known >= 3 else 0)
    handled |= _IOCTL_DEV if known >= 5 else 0
    attributes = struct.pack("Q", handled)
    if known >= 4:
        attributes += struct.pack("Q", _TCP_BIND_AND_CONNECT)
    if known >= 6:
        attributes += struct.pack("Q", _SCOPE_ABSTRACT_UNIX_AND_SIGNALS)
    ruleset = syscall(_CREATE_RULESET, _pointer(attributes), len(attributes), 0)
    try:
        for path in readable:
            _allow(ruleset, path, _READ if os.path.isdir(path) else _READ_FILE)
        for path in writable_files:
            _allow(ruleset, path, (_READ_FILE | _WRITE_FILE | _TRUNCATE) & handled)
        _allow(ruleset, scratch, (_SCRATCH | _REFER | _TRUNCATE) & handled)
        syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        # struct landlock_path_beneath_attr is packed: 64-bit access, 32-bit descriptor.
        rule = struct.pack("=Qi", access, descriptor)
        syscall(_ADD_RULE, ruleset, _PATH_BENEATH, _pointer(rule), 0)
    finally:
        os.close(descriptor)


def _pointer(data: bytes) -> ctypes.c_void_p:
    # The cast object keeps the buffer alive.
    return ctypes.cast(ctypes.create_string_buffer(data, len(data)), ctypes.c_void_p)
