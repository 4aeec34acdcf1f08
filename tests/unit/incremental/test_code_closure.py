"""Which edits of a package change the code behind a function, and which do not."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from instruction_tuning.incremental import local_packages
from instruction_tuning.incremental.code_closure import Code, CodeIndex
from instruction_tuning.incremental.file_digests import DigestCache

BASE = {
    "__init__.py": "",
    "entry.py": """
import numpy as np
from closure_package import registry, texts
from closure_package.shapes import Square
from closure_package.constants import *


def entry(x):
    import closure_package.lazy as late
    return registry.METHODS[x](late.later(x)) + Square(x).area() + texts.read() + np.sum(BASE)


def other(x):
    return x
""",
    "registry.py": """
from closure_package.methods import double
METHODS = {1: double}
UNUSED = {2: None}
""",
    "methods.py": """
def double(x):
    return helper(x) * 2


def helper(x):
    return x


def idle():
    return 1
""",
    "lazy.py": "from .deeper import later\n",
    "deeper.py": "def later(x, by=1):\n    return x + by\n",
    "shapes.py": """
from closure_package.bases import Shape


class Square(Shape):
    def area(self):
        return self.side() ** 2
""",
    "bases.py": """
class Shape:
    def __init__(self, x):
        self.x = x

    def side(self):
        return self.x
""",
    "texts.py": """
from pathlib import Path
_HERE = Path(__file__).parent


def read():
    return (_HERE / "words.txt").read_text()
""",
    "words.txt": "one",
    "constants.py": "BASE = 1\n",
    "acting.py": "import numpy\nnumpy.seterr(all='ignore')\n",
    "typed.py": "VALUE = 1\n",
}  # fmt: skip


@pytest.fixture
def closure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Code]]:
    """The code behind `entry` after the package's files were given new content."""
    package = tmp_path / "closure_package"
    package.mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    def read(**edits: str) -> Code:
        for name, text in (BASE | {_file(name): text for name, text in edits.items()}).items():
            (package / name).parent.mkdir(exist_ok=True, parents=True)
            (package / name).write_text(text)
        local_packages.forget()
        return CodeIndex(DigestCache(tmp_path / "cache.sqlite", tmp_path)).closure(
            "closure_package.entry", "entry"
        )

    yield read
    assert "closure_package" not in sys.modules
    local_packages.forget()


def _file(name: str) -> str:
    return name.replace("__init__", "@").replace("__", ".").replace("@", "__init__")


def edited(name: str, old: str, new: str) -> dict[str, str]:
    assert old in BASE[name]
    return {name.replace(".", "__"): BASE[name].replace(old, new)}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("entry.py", "+ np.sum", "- np.sum"),
        ("entry.py", "import numpy as np", "import pandas as np"),
        ("registry.py", "{1: double}", "{1: double, 3: double}"),
        ("methods.py", "* 2", "* 3"),
        ("methods.py", "return x\n", "return -x\n"),
        ("deeper.py", "by=1", "by=2"),
        ("lazy.py", "import later", "import later as later\nlater = abs"),
        ("shapes.py", "** 2", "** 3"),
        ("bases.py", "return self.x", "return -self.x"),
        ("words.txt", "one", "two"),
        ("constants.py", "BASE = 1", "BASE = 2"),
    ],
)
def test_an_edit_of_what_is_used_is_seen(closure, name, old, new):
    assert closure().definitions != closure(**edited(name, old, new)).definitions


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("entry.py", "def other(x):\n    return x", "def other(x):\n    return -x"),
        ("entry.py", "def entry(x):", "# A comment.\ndef entry(\n    x\n):\n    'A docstring.'"),
        ("entry.py", "import numpy as np", "import json\nimport numpy as np"),
        ("registry.py", "UNUSED = {2: None}", "UNUSED = {}"),
        ("methods.py", "return 1", "return 2"),
        ("typed.py", "VALUE = 1", "VALUE = 2"),
        ("bases.py", "class Shape:", '"""Of shapes."""\n\n\nclass Shape:\n    """A shape."""\n'),
    ],
)
def test_an_edit_of_anything_else_is_not(closure, name, old, new):
    assert closure().definitions == closure(**edited(name, old, new)).definitions


def test_what_acts_on_import_counts_wherever_it_is_imported(closure):
    importing = edited("registry.py", "METHODS =", "from closure_package import acting\nMETHODS =")
    before = closure(**importing)
    after = closure(**importing, **edited("acting.py", "'ignore'", "'raise'"))
    assert before.definitions != after.definitions


def test_a_computed_import_makes_the_whole_package_count(closure):
    computed = edited("deeper.py", "return x + by", "import importlib\n    return importlib.import_module(x)")
    before = closure(**computed)
    after = closure(**computed, **edited("typed.py", "VALUE = 1", "VALUE = 2"))
    assert before.definitions != after.definitions


def test_running_what_a_model_wrote_leads_to_nothing_of_the_package(closure):
    strangers = edited("deeper.py", "return x + by", "return exec(x)")
    strangers["deeper__py"] = "RUNS_STRANGERS_CODE_ONLY = True\n" + strangers["deeper__py"]
    before = closure(**strangers)
    after = closure(**strangers, **edited("typed.py", "VALUE = 1", "VALUE = 2"))
    assert before.definitions == after.definitions


def test_a_module_that_is_passed_on_counts_as_a_whole(closure):
    passed = edited("registry.py", "METHODS =", "from closure_package import typed\nMETHODS = {0: typed} or")
    before = closure(**passed)
    assert before.definitions != closure(**passed, **edited("typed.py", "1", "2")).definitions


def test_a_function_that_another_module_may_register_counts(closure):
    hub = "KNOWN = []\ndef known(f):\n    KNOWN.append(f)\n    return f\n"
    methods = "from closure_package.hub import known\n" + BASE["methods.py"]
    registered = {"hub__py": hub, "methods__py": methods.replace("def idle", "@known\ndef idle")}
    before = closure(**registered)
    changed = registered | {"methods__py": registered["methods__py"].replace("return 1", "return 2")}
    assert before.definitions != closure(**changed).definitions


HUB = """
KNOWN = {}


def register(name, function):
    KNOWN[name] = function
    return function


def check(function):
    return register("check", function)


class Kind(type):
    def __init__(cls, name, bases, space):
        super().__init__(name, bases, space)
        KNOWN[name] = cls


class Listed(metaclass=Kind):
    pass


class Counted:
    def __init_subclass__(cls):
        KNOWN[cls.__name__] = cls


class Handle:
    def __init__(self, function):
        KNOWN["handle"] = function
"""
WITH_PLUGIN = "from closure_package import hub, plugin\nMETHODS = hub.KNOWN or"
IMPLEMENTATION = "def implementation():\n    return 1\n\n\n"


@pytest.mark.parametrize(
    "registration",
    [
        IMPLEMENTATION + "HANDLE = hub.register('a', implementation)",
        IMPLEMENTATION + "HANDLE: object = hub.register('a', implementation)",
        IMPLEMENTATION + "ONE, TWO = 1, [hub.register(n, implementation) for n in 'ab']",
        IMPLEMENTATION + "HANDLE = hub.Handle(implementation)",
        IMPLEMENTATION + "HANDLES = list(map(hub.check, [implementation]))",
        IMPLEMENTATION + "HANDLE = sorted([implementation], key=hub.check)",
        IMPLEMENTATION + "HANDLE = hub.KNOWN.setdefault('a', implementation)",
        IMPLEMENTATION + "def unused(function=hub.register('a', implementation)):\n    return function",
        IMPLEMENTATION + "class Unused:\n    handle = hub.register('a', implementation)",
        IMPLEMENTATION + "if __name__ != '__main__':\n    hub.KNOWN['c'] = implementation",
        IMPLEMENTATION + "if __name__ == __name__:\n    hub.KNOWN['c'] = implementation",
        "check = hub.check\n\n\n@check\n" + IMPLEMENTATION,
        "from closure_package.hub import check\n\n\n@check\n" + IMPLEMENTATION,
        "from closure_package.hub import check as cache\n\n\n@cache\n" + IMPLEMENTATION,
        "class Sub(hub.Listed):\n    VALUE = 'return 1'",
        "class Between(hub.Listed):\n    pass\n\n\nclass Sub(Between):\n    VALUE = 'return 1'",
        "class Sub(hub.Counted):\n    VALUE = 'return 1'",
        "class Sub(metaclass=hub.Kind):\n    VALUE = 'return 1'",
    ],
)
def test_what_registers_itself_in_passing_counts(closure, registration):
    files = edited("registry.py", "METHODS =", WITH_PLUGIN)
    plugin = f"from closure_package import hub\n{registration}\n"
    before = closure(**files, hub__py=HUB, plugin__py=plugin)
    after = closure(**files, hub__py=HUB, plugin__py=plugin.replace("return 1", "return 2"))
    assert before.definitions != after.definitions


@pytest.mark.parametrize(
    "plain",
    [
        "@cache\n" + IMPLEMENTATION,
        "import re\nPATTERN = re.compile('return 1')",
        "import logging\nlogger = logging.getLogger('return 1')",
        "from pathlib import Path\nFILES = sorted(path.name for path in Path('return 1').glob('*'))",
        "from dataclasses import dataclass, field\n\n\n@dataclass(frozen=True)\nclass Row:\n"
        "    name: str = 'return 1'\n    more: list = field(default_factory=list)\n\n\nROW = Row(name='x')",
        "TABLE = {key.upper(): len(value) for key, value in dict(a='return 1').items()}",
        "class Sized:\n    @property\n    def size(self):\n        return 1\n\n    @size.setter\n"
        "    def size(self, value):\n        pass",
        "if __name__ == '__main__':\n    print('return 1')",
    ],
)
def test_what_only_makes_a_value_does_not(closure, plain):
    files = edited("registry.py", "METHODS =", WITH_PLUGIN)
    plugin = "from functools import cache\n" + plain + "\n"
    before = closure(**files, hub__py=HUB, plugin__py=plugin)
    after = closure(**files, hub__py=HUB, plugin__py=plugin.replace("return 1", "return 2"))
    assert before.definitions == after.definitions


def test_installed_packages_are_named_and_pythons_own_too(closure):
    assert {"numpy", "pathlib"} <= closure().installed


def test_what_only_type_checkers_read_does_not_count(closure):
    checking = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from closure_package import typed\n"
    before = closure(methods__py=checking + BASE["methods.py"])
    after = closure(methods__py=checking.replace("typed", "acting") + BASE["methods.py"])
    assert before.definitions == after.definitions


def test_a_function_that_a_text_names_counts(closure):
    named = edited("registry.py", "METHODS =", "NAMED = 'closure_package.hidden.found'\nMETHODS = NAMED and")
    hidden = "def found():\n    return 1\n\n\ndef lost():\n    return 1\n"
    before = closure(**named, hidden__py=hidden)
    assert before.definitions != closure(**named, hidden__py=hidden.replace("1", "2", 1)).definitions
    assert before.definitions == closure(**named, hidden__py=hidden[:-2] + "2\n").definitions


def test_of_a_servers_room_every_program_counts_and_no_comment(closure, tmp_path):
    def room(**edits: str) -> dict[str, str]:
        closure(**edits)
        index = CodeIndex(DigestCache(tmp_path / "cache.sqlite", tmp_path))
        return index.room("closure_package.methods").definitions

    before = room()
    assert before == room(**edited("typed.py", "VALUE = 1", '"""A text."""\n\nVALUE = 1  # a comment'))
    changed = room(**edited("typed.py", "VALUE = 1", "VALUE = 2"))
    assert {name for name in before if before[name] != changed[name]} == {"closure_package/typed.py"}


TOOL = {"tools__py": "def tool(x):\n    return x\n", "data/a__txt": "a", "data/b__txt": "b"}


@pytest.mark.parametrize(
    "deeper",
    [
        "import importlib\ndef later(x):\n    return importlib.import_module('.tools', __package__).tool(x)",
        "import importlib\ndef later(x):\n    return importlib.import_module('.tools', x).tool(x)",
        "from importlib import import_module as im\ndef later(x):\n    return im(NAME).tool(x)",
        "import importlib\nload = importlib.import_module\ndef later(x):\n    return load(NAME).tool(x)",
        "import importlib\ndef later(x):\n    return list(map(importlib.import_module, [NAME]))",
        "import sys\nfrom closure_package import tools\ndef later(x):\n    return sys.modules[NAME].tool(x)",
        "from sys import modules\nfrom . import tools\ndef later(x):\n    return modules[NAME].tool(x)",
        "from pydoc import locate\ndef later(x):\n    return locate(NAME + '.tool')(x)",
        "import builtins\ndef later(x):\n    return builtins.eval(NAME)",
        "import closure_package as whole\ndef later(x):\n    return getattr(whole, NAME).tool(x)",
    ],
)
def test_a_name_that_cannot_be_told_from_the_text_may_be_any(closure, deeper):
    files = TOOL | {"deeper__py": f"NAME = 'closure_' + 'package.tools'\n{deeper}\n"}
    before = closure(**files)
    assert before.definitions != closure(**files | {"tools__py": "def tool(x):\n    return -x\n"}).definitions


@pytest.mark.parametrize(
    "told",
    [
        "importlib.import_module('.tools', __package__).tool(x)",
        "importlib.import_module('closure_package.tools').tool(x)",
        "sys.modules['closure_package.tools'].tool(x)",
    ],
)
def test_a_name_that_is_written_out_is_taken_at_its_word(closure, told):
    files = TOOL | {"deeper__py": f"import importlib, sys\ndef later(x):\n    return {told}\n"}
    before = closure(**files)
    assert before.definitions == closure(**files, **edited("typed.py", "1", "2")).definitions
    assert before.definitions != closure(**files | {"tools__py": "def tool(x):\n    return -x\n"}).definitions


READING = "from pathlib import Path\nimport closure_package\ndef later(x):\n    return "


@pytest.mark.parametrize(
    "deeper",
    [
        "from importlib.resources import files\ndef later(x):\n    return files('closure_package.data')",
        "import importlib.resources as r\ndef later(x):\n    return r.files('closure_package')",
        "def later(x):\n    from jinja2 import PackageLoader\n    return PackageLoader('closure_package')",
        "import inspect\ndef later(x):\n    return inspect.getfile(x)",
        READING + "Path(closure_package.__file__).parent / 'data' / 'a.txt'",
        READING + "[Path(module.__file__) for module in x]",
        READING + "Path(__file__).resolve().parents[1] / 'data' / 'a.txt'",
        READING + "Path(__file__).parent.parent / x",
        READING + "[Path(__file__).parents[1] / x for x in ('data', 'other')]",
        READING + "Path(__file__).parent / '..' / 'data'",
        "from .place import HERE\ndef later(x):\n    return HERE.parent / 'data'",
    ],
)
def test_files_that_code_of_another_folder_may_read_count(closure, deeper):
    files = TOOL | {
        "texts__py": "def read():\n    return 1\n",
        "lazy__py": "from .low.deeper import later\n",
        "low/__init____py": "",
        "low/deeper__py": deeper + "\n",
        "low/place__py": "from pathlib import Path\nHERE = Path(__file__).parent\n",
    }
    before = closure(**files)
    assert before.definitions != closure(**files | {"data/a__txt": "other"}).definitions


@pytest.mark.parametrize(
    "place",
    [
        "Path(__file__).parents[1] / 'data/a.txt'",
        "[Path(__file__).parent.parent / name for name in ('data/a.txt', 'other')]",
    ],
)
def test_of_a_path_that_is_written_out_nothing_else_counts(closure, place):
    files = TOOL | {"lazy__py": "from .low.deeper import later\n", "low/__init____py": ""}
    files |= {"low/deeper__py": READING + place + "\n", "texts__py": "def read():\n    return 1\n"}
    before = closure(**files)
    assert before.definitions == closure(**files | {"data/b__txt": "other"}).definitions
    assert before.definitions != closure(**files | {"data/a__txt": "other"}).definitions


def test_a_docstring_that_is_read_counts(closure):
    files = {"deeper__py": "import inspect\ndef later(x):\n    'one'\n    return inspect.getdoc(later)\n"}
    before = closure(**files)
    after = closure(deeper__py=files["deeper__py"].replace("one", "two"))
    assert before.definitions != after.definitions


def test_a_module_in_a_folder_without_an_init_counts(closure):
    """Python takes such a folder for a package, too."""
    files = edited("registry.py", "METHODS =", "import closure_package.bare.deep.tools\nMETHODS =")
    using = files["registry__py"].replace("double}", "closure_package.bare.deep.tools.tool}")
    before = closure(registry__py=using, **{"bare/deep/tools__py": "def tool(x):\n    return x\n"})
    after = closure(registry__py=using, **{"bare/deep/tools__py": "def tool(x):\n    return -x\n"})
    assert before.definitions != after.definitions


def test_another_package_that_only_a_function_imports_is_looked_at_in_every_run(tmp_path, monkeypatch):
    """Neither is loaded, and what was remembered of the first run must not answer for the second."""
    monkeypatch.syspath_prepend(tmp_path)
    for name, text in {
        "lazy_one/entry.py": "def entry(x):\n    from lazy_other.tools import tool\n    return tool(x)\n",
        "lazy_one/__init__.py": "",
        "lazy_other/__init__.py": "",
        "lazy_other/tools.py": "def tool(x):\n    return x\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    def remembered() -> Code:
        local_packages.forget()
        cache = DigestCache(tmp_path / "cache.sqlite", tmp_path)
        code = CodeIndex(cache).closure("lazy_one.entry", "entry")
        cache.save()
        return code

    before = remembered()
    assert "lazy_other.tools.tool" in before.definitions and remembered() == before
    (tmp_path / "lazy_other/tools.py").write_text("def tool(x):\n    return -x\n")
    changed = remembered()
    assert changed.definitions != before.definitions
    monkeypatch.setattr(CodeIndex, "_walked", lambda *_: pytest.fail("nothing had changed"))
    assert remembered() == changed
    local_packages.forget()
