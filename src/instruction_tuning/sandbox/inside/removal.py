"""Removing what a program has left in a folder: shut folders, links, and folders nested without end."""

import os
import stat

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(folder: str) -> None:
    """Remove `folder`; OSError where something in it cannot be. Nobody may write to it meanwhile.

    `shutil.rmtree` ends at some thousand levels, and what opens a shut folder for it changes modes through
    links (CVE-2023-6597). This goes down and up again by one descriptor, so that neither recursion, nor the
    length of a path, nor the count of open files matters, and opens folders only. O(entries).
    """
    here = os.open(folder, _FOLDER)
    try:
        names: list[str] = []
        left = [_only_folders(here)]
        while names or left[0]:
            if left[-1]:
                names.append(left[-1].pop())
                os.chmod(names[-1], stat.S_IRWXU, dir_fd=here)
                onward = os.open(names[-1], _FOLDER, dir_fd=here)
                left.append(_only_folders(onward))
            else:
                onward = os.open("..", _FOLDER, dir_fd=here)
                os.rmdir(names.pop(), dir_fd=onward)
                left.pop()
            os.close(here)
            here = onward
    finally:
        os.close(here)
    os.rmdir(folder)


def _only_folders(descriptor: int) -> list[str]:
    """Their names; everything else in the folder is unlinked."""
    folders = []
    with os.scandir(descriptor) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                os.unlink(entry.name, dir_fd=descriptor)
    return folders
