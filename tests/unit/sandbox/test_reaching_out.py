"""Attacks on what lies outside: network, files, environment, processes. Each has a control, which works."""

import contextlib
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from instruction_tuning.sandbox.inside.removal import remove_tree
from instruction_tuning.sandbox.pool import Sandbox, run_program
from instruction_tuning.sandbox.program import Program

PROJECT = Path(__file__).parents[3]
PREAMBLE = "import os, socket, ctypes, sys, time\n"
YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")


def works_only_unguarded(guarded: Callable, unguarded: Callable, attack: str) -> None:
    """The attack prints REACHED where nothing stops it, and nowhere else."""
    assert "REACHED" in unguarded(PREAMBLE + attack).stdout, (
        "the control did not work: the attack shows nothing"
    )
    assert "REACHED" not in guarded(PREAMBLE + attack).stdout


@contextlib.contextmanager
def listening(family: int, kind: int, address: object) -> Iterator[socket.socket]:
    with socket.socket(family, kind) as server:
        server.bind(address)
        if kind == socket.SOCK_STREAM:
            server.listen()
        yield server


def arrived(server: socket.socket) -> bool:
    return bool(select.select([server], [], [], 0.2)[0])


@pytest.mark.parametrize("number", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["tcp", "udp"])
def test_tcp_and_udp_reach_nothing(guarded, unguarded, number):
    for run, expected in ((unguarded, True), (guarded, False)):
        with listening(socket.AF_INET, number, ("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            run(
                f"import socket; s=socket.socket(socket.AF_INET, {number})\n"
                f"s.connect(('127.0.0.1', {port})); s.send(b'x')"
            )
            assert arrived(server) is expected


@pytest.mark.parametrize("name", ["file", "abstract"])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_unix_sockets_reach_nothing(guarded, unguarded, open_folder, name, kind):
    for i, (run, expected) in enumerate(((unguarded, True), (guarded, False))):
        address = str(open_folder / f"s{i}") if name == "file" else f"\0sandbox-test-{os.getpid()}-{kind}-{i}"
        with listening(socket.AF_UNIX, kind, address) as server:
            if name == "file":
                os.chmod(address, 0o777)
            run(
                f"import socket; s=socket.socket(socket.AF_UNIX, {kind})\n"
                f"s.connect({address!r}); s.send(b'x')"
            )
            assert arrived(server) is expected


def test_a_datagram_through_a_socket_pair_reaches_nothing(guarded, unguarded):
    for i, (run, expected) in enumerate(((unguarded, True), (guarded, False))):
        address = f"\0sandbox-pair-{os.getpid()}-{i}"
        with listening(socket.AF_UNIX, socket.SOCK_DGRAM, address) as server:
            run(
                "import socket\n"
                f"for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):\n"
                f"  try: socket.socketpair(socket.AF_UNIX, kind)[0].sendto(b'x', {address!r})\n"
                "  except OSError: pass"
            )
            assert arrived(server) is expected


def test_the_password_file_is_not_read(guarded, unguarded):
    works_only_unguarded(guarded, unguarded, "assert 'root' in open('/etc/passwd').read(); print('REACHED')")


@pytest.mark.parametrize(
    "way",
    [
        "os.symlink('/etc/passwd', 'link'); open('link')",
        "os.symlink('/', 'root'); open('root/etc/passwd')",
        "open('/proc/self/root/etc/passwd')",
        "open('/proc/self/cwd/../../../../../etc/passwd')",
        "os.listdir('/home')",
        "d = os.open('/', os.O_PATH); os.open('etc/passwd', os.O_RDONLY, dir_fd=d)",
        "open('/proc/self/mem', 'rb')",
        "open('/proc/self/maps')",
        "os.listdir('/proc/self/fd')",
        "os.listdir('/sys')",
    ],
)
def test_links_and_proc_lead_nowhere(guarded, unguarded, way):
    works_only_unguarded(guarded, unguarded, f"{way}; print('REACHED')")


def test_the_environment_holds_no_key(monkeypatch):
    monkeypatch.setenv("TEACHER_API_KEY", "secret-key")
    look = "import os; print(dict(os.environ))"
    assert "secret-key" in subprocess.run([sys.executable, "-c", look], capture_output=True, text=True).stdout
    seen = run_program(look).stdout
    assert "secret-key" not in seen
    assert set(eval(seen)) == {"LANG", "TZ", "PYTHONHASHSEED", "MALLOC_ARENA_MAX", "HOME", "TMPDIR"}


def test_the_environment_of_the_project_is_not_read_through_proc(guarded, unguarded):
    works_only_unguarded(
        guarded, unguarded, f"assert open('/proc/{os.getpid()}/environ').read(); print('REACHED')"
    )


@pytest.mark.parametrize("path", ["README.md", "conf/base/globals.yml", "src/instruction_tuning/errors.py"])
def test_the_project_is_not_read(guarded, unguarded, path):
    works_only_unguarded(guarded, unguarded, f"open({str(PROJECT / path)!r}); print('REACHED')")


@pytest.mark.parametrize(
    "path", ["data/03_primary/instruction_pool.json", "mlflow.db", "conf/local/credentials.yml"]
)
def test_what_runs_and_users_put_into_a_project_is_not_read(guarded, unguarded, open_folder, path):
    """Laid out as a project's, and open to every user: the real ones may not be there."""
    file = open_folder / path
    for folder in reversed(file.relative_to(open_folder).parents):
        (open_folder / folder).mkdir(exist_ok=True)
        (open_folder / folder).chmod(0o777)
    file.write_text("secret")
    file.chmod(0o666)
    works_only_unguarded(
        guarded, unguarded, f"assert open({str(file)!r}).read() == 'secret'; print('REACHED')"
    )


@pytest.mark.parametrize(
    "way",
    [
        "open(f, 'a').write('x')",
        "open(d + '/new', 'w')",
        "os.mkdir(d + '/folder')",
        "os.symlink('x', d + '/link')",
        "os.rename(f, d + '/moved')",
        "os.unlink(f)",
        "os.truncate(f, 1)",
        "os.open(f, os.O_RDONLY | os.O_TRUNC)",
        "os.chmod(f, 0o600)",
        "os.utime(f, (1, 1))",
        "os.mkfifo(d + '/fifo')",
        "os.setxattr(f, 'user.x', b'x')",
        "open('x', 'w').close(); os.link('x', d + '/hard')",
    ],
)
def test_nothing_is_written_outside(guarded, unguarded, open_folder, way):
    for run, expected in ((unguarded, True), (guarded, False)):
        folder = open_folder / str(expected)
        folder.mkdir()
        file = folder / "file"
        file.write_text("kept")
        folder.chmod(0o777)
        file.chmod(0o666)
        before = (sorted(os.listdir(folder)), file.read_text(), file.stat().st_mtime_ns, file.stat().st_mode)
        outcome = run(f"import os; f={str(file)!r}; d={str(folder)!r}; {way}; print('REACHED')")
        assert ("REACHED" in outcome.stdout) is expected, outcome
        if not expected:
            after = (
                sorted(os.listdir(folder)),
                file.read_text(),
                file.stat().st_mtime_ns,
                file.stat().st_mode,
            )
            assert after == before


@pytest.mark.parametrize(
    "way", ["os.open(f, os.O_RDONLY | os.O_TRUNC)", "os.truncate(f, 1)", "os.chmod(f, 0o600)", "os.utime(f)"]
)
def test_what_landlock_does_not_cover_the_call_filter_refuses(unguarded, tmp_path, way):
    """Truncation is Landlock's from its third version on, the others are nowhere."""
    file = tmp_path / "file"
    attack = f"import os; f={str(file)!r}; {way}; print('REACHED')"
    filtered = frozenset({"namespaces", "landlock", "privileges"})
    with Sandbox(without=filtered, allow_missing_barriers=True) as sandbox:
        for run, expected in ((unguarded, True), (lambda source: sandbox.run(Program(source)), False)):
            file.write_text("kept")
            assert ("REACHED" in run(attack).stdout) is expected
            assert expected or file.read_text() == "kept"


@contextlib.contextmanager
def victim() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        try:
            yield process
        finally:
            process.kill()


def test_no_other_process_is_killed(guarded, unguarded):
    for run, expected in ((unguarded, True), (guarded, False)):
        with victim() as process:
            run(f"import os; os.kill({process.pid}, 9)")
            ended = threading.Event()
            threading.Thread(target=lambda p=process, e=ended: (p.wait(), e.set())).start()
            assert ended.wait(1.0 if expected else 0.2) is expected
            process.kill()


def test_no_signal_reaches_the_parent(guarded, unguarded):
    works_only_unguarded(guarded, unguarded, "os.kill(os.getppid(), 0); print('REACHED')")


def test_no_process_group_is_signalled(guarded, unguarded):
    works_only_unguarded(guarded, unguarded, "os.kill(-1, 0); print('REACHED')")


@pytest.mark.skipif(YAMA.exists() and YAMA.read_text().strip() != "0", reason="Yama forbids tracing to all")
def test_no_other_process_is_traced(guarded, unguarded):
    for run, expected in ((unguarded, True), (guarded, False)):
        with victim() as process:
            attack = f"l=ctypes.CDLL(None); assert l.ptrace(16, {process.pid}, 0, 0) == 0; print('REACHED')"
            assert ("REACHED" in run(PREAMBLE + attack).stdout) is expected


def test_a_descriptors_owner_cannot_be_another_process(guarded, unguarded):
    attack = f"import fcntl; fcntl.fcntl(0, fcntl.F_SETOWN, {os.getpid()}); print('REACHED')"
    works_only_unguarded(guarded, unguarded, attack)


def test_limits_of_other_processes_are_not_changed(guarded, unguarded):
    attack = "import resource; resource.prlimit(os.getppid(), resource.RLIMIT_CORE); print('REACHED')"
    works_only_unguarded(guarded, unguarded, attack)


def test_no_file_of_the_library_is_locked(guarded, unguarded):
    attack = "import fcntl; fcntl.flock(open(os.__file__), fcntl.LOCK_EX | fcntl.LOCK_NB); print('REACHED')"
    works_only_unguarded(guarded, unguarded, attack)


@pytest.mark.parametrize("name", ["memfd_create", "unshare", "timerfd_create", "inotify_init", "io_setup"])
def test_a_call_that_is_not_listed_is_refused(guarded, unguarded, name):
    numbers = {
        "memfd_create": 319,
        "unshare": 272,
        "timerfd_create": 283,
        "inotify_init": 253,
        "io_setup": 206,
    }
    if os.uname().machine != "x86_64":
        pytest.skip("numbers of x86-64")
    pointer = "ctypes.byref(ctypes.c_ulong(0))" if name == "io_setup" else "0"
    first = {"memfd_create": "b'x'", "io_setup": "1", "unshare": "0"}.get(name, "0")
    attack = f"assert ctypes.CDLL(None).syscall({numbers[name]}, {first}, {pointer}) >= 0; print('REACHED')"
    works_only_unguarded(guarded, unguarded, attack)


def test_no_program_is_executed(guarded, unguarded):
    works_only_unguarded(guarded, unguarded, "os.write(1, b''); os.execv('/bin/echo', ['echo', 'REACHED'])")


def test_no_descriptor_is_inherited_but_its_own_pipes(guarded):
    count = "import os\nfor d in range(300):\n  try: os.fstat(d); print(d)\n  except OSError: pass"
    assert guarded(count).stdout.split() == ["0", "1", "2", "3", "4"]


def test_what_a_program_has_left_is_removed_and_nothing_else(open_folder):
    """What `shutil.rmtree` does not remove: more levels than Python recurses, shut folders in shut ones."""
    kept, folder = open_folder / "kept", open_folder / "folder"
    kept.write_text("kept")
    kept.chmod(0o444)
    (folder / "shut").mkdir(parents=True)
    (folder / "0").mkdir()
    (folder / "0" / "file").write_text("x")
    for i, target in enumerate((kept, open_folder)):
        (folder / f"link{i}").symlink_to(target)
        (folder / "shut" / f"link{i}").symlink_to(target)
    (folder / "shut" / "shut").mkdir(mode=0)
    (folder / "shut").chmod(0)
    remove_tree(str(folder))
    assert os.listdir(open_folder) == ["kept"] and kept.stat().st_mode & 0o777 == 0o444


def test_folders_nested_without_end_go_with_their_sandbox(monkeypatch):
    if os.access("/dev/shm", os.W_OK):  # folders of a disk take their time
        monkeypatch.setattr(tempfile, "tempdir", "/dev/shm")
    deep = "import os\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')"
    with Sandbox(without=frozenset({"namespaces"}), allow_missing_barriers=os.geteuid() == 0) as sandbox:
        folder = sandbox._workers[0]._folder.name
        assert sandbox.run(Program(deep)).status == "passed"
        assert os.path.isdir(folder)
    assert not os.path.exists(folder)


def test_a_program_finds_nothing_of_the_one_before(guarded):
    litter = (
        "import os; os.makedirs('a/b'); open('a/b/c', 'w'); os.mkdir('shut', 0); os.symlink('/', 'link')\n"
        "for _ in range(900): os.mkdir('deep' * 50); os.chdir('deep' * 50)"
    )
    assert guarded(litter).status == "passed"
    assert guarded("import os; print(os.listdir('.'))").stdout == "[]\n"
