"""Namespaces and a private root: where the kernel allows them, a second wall behind Landlock and the filter.

namespaces(7), user_namespaces(7), pivot_root(2). A process namespace ends with its first process, which is
the warden: nothing that a program starts can outlive it. The network namespace has no device but a loopback
that is down. The private root holds Python's library, the system's libraries and nothing else: no /proc, no
/etc, no home.
"""

import os

from instruction_tuning.sandbox.inside.kernel import (
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_NEWUTS,
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    mount,
    pivot_root,
    unmount,
    unshare,
)

_OTHERS = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
DEVICES = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"]
# Where scratch folders lie within the private root.
SCRATCH = "/scratch"


def can_enter(base: str, visible: list[str]) -> bool:
    """Whether all of this works here: tried in a child, since half a namespace is worse than none."""
    child = os.fork()
    if child == 0:
        try:
            enter()
            first = os.fork()
            if first == 0:
                private_root(base, visible)
                fresh_scratch(1 << 20, os.getuid())
                os._exit(0)
            os._exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) & 0xFF)
        except BaseException:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def enter() -> None:
    """New namespaces for this process; the process namespace takes effect with the next fork.

    An ordinary user needs a user namespace for it, in which the one identity there is stays as it was.
    """
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        unshare(_OTHERS)
        return
    unshare(CLONE_NEWUSER | _OTHERS)
    for file, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{file}", "w") as identity:
            identity.write(text)


def private_root(base: str, visible: list[str]) -> None:
    """Make a root of `visible`, read only, and leave the old one; `base` is an empty folder to build on."""
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", base, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64k,nr_inodes=256")
    for path in sorted([*visible, *DEVICES]):  # a folder before what lies in it
        _show(base, path)
    os.makedirs(base + SCRATCH)
    os.makedirs(base + "/old")
    pivot_root(base, base + "/old")
    os.chdir("/")
    unmount("/old")
    os.rmdir("/old")
    mount(None, "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def fresh_scratch(size_bytes: int, user: int) -> str:
    """An empty scratch folder in memory: `size_bytes` and 1,024 files at most, gone when unmounted."""
    group = user if os.geteuid() == 0 else os.getegid()
    options = f"mode=700,size={size_bytes},nr_inodes=1024,uid={user},gid={group}"
    mount("tmpfs", SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options)
    return SCRATCH


def _show(base: str, path: str) -> None:
    target = base + path
    if os.path.lexists(target) or not os.path.exists(path):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):  # /lib -> usr/lib
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.mkdir(target)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    mount(path, target, None, MS_BIND | MS_REC)
    if path not in DEVICES:
        # Within a user namespace a mount's noexec cannot be taken off, so it has to be named again.
        kept = MS_NOEXEC if os.statvfs(path).f_flag & os.ST_NOEXEC else 0
        mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | kept)
