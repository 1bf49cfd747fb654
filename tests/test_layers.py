"""Imports only ever point down the house: the table below is the picture in ARCHITECTURE.md."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "nps_spectra"

#: From the roof to the ground: a module may import what stands below its own line, and its own part.
FLOORS = [
    ["cli"],
    ["report"],
    ["proficiency"],
    ["identification"],
    ["searching"],
    ["library"],
    ["formats"],
    ["scoring"],
    ["shifted"],
    ["scorers"],
    ["run"],
    ["cleaning", "centroiding"],
    ["substances"],
    ["kernels"],
    ["_jit"],
    ["harmonising"],
    ["spectra"],
    ["interop"],
    ["spectrum"],
    ["columns", "options", "atomic", "tables"],
    ["display", "errors"],
]
LEVEL = {part: level for level, parts in enumerate(FLOORS) for part in parts}


def imports(path: Path) -> set[str]:
    """Parts of the package that a module imports, anywhere in it (also inside functions)."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "nps_spectra" and len(parts) > 1:
                found.add(parts[1])
    return found


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for part in imports(path) - {own, "__version__"}:
        assert LEVEL[part] > LEVEL[own], f"{path.name} of {own!r} imports {part!r}, which stands above it or beside it"


def test_every_module_has_a_floor() -> None:
    assert {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in MODULES} == set(LEVEL)


def test_kernels_see_numpy_and_the_decorator_only() -> None:
    for path in (PACKAGE / "kernels").glob("*.py"):
        assert imports(path) <= {"_jit", "kernels"}, path


def test_only_one_module_has_the_jit_decorator() -> None:
    users = [path.name for path in MODULES if "import numba" in path.read_text(encoding="utf-8")]
    assert users == ["_jit.py"]


def test_nothing_is_pickled_or_evaluated() -> None:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec"), path
        assert "pickle" not in path.read_text(encoding="utf-8"), path
