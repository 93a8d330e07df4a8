"""What is installed is what was locked, and what is built carries every file the code reads."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PACKAGES = ("flows", "transforms", "expectations", "warehouse")
PYPROJECT_TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads(PYPROJECT_TEXT)
PROJECT = PYPROJECT["project"]
DEPENDENCIES = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]

PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[0-9][^\s;/@:]*)( ; [^/@:]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def test_lock_holds_only_pins_and_hashes() -> None:
    """So no address of a registry or of a machine, no option and no unhashed pin can stand in it."""
    previous = "hash"
    for number, line in enumerate((ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines(), 1):
        kind = "pin" if PIN.fullmatch(line) else "hash" if HASH.fullmatch(line) else None
        assert kind, f"requirements.lock:{number}: {line}"
        assert (previous, kind) != ("pin", "pin"), f"requirements.lock:{number}: the pin above has no hash"
        previous = kind
    assert previous == "hash", "the last pin has no hash"


@pytest.mark.parametrize("dependency", DEPENDENCIES)
def test_lock_pins_a_version_that_pyproject_allows(dependency: str) -> None:
    requirement = Requirement(dependency)
    pins = [
        pin["version"]
        for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
        if (pin := PIN.fullmatch(line)) and pin["name"] == canonicalize_name(requirement.name)
    ]
    assert pins, "not in requirements.lock; cure: make lock"
    assert all(requirement.specifier.contains(pin) for pin in pins), pins


def test_every_dependency_states_its_reason() -> None:
    reasons = dict(re.findall(r'^    "([^"]+)",[ ]*(?:#[ ]*(.*))?$', PYPROJECT_TEXT, flags=re.MULTILINE))
    assert [name for name in DEPENDENCIES if len(reasons.get(name, "")) < 5] == []


def test_wheel_carries_every_file_of_the_packages_and_nothing_else(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    out.mkdir()
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (source / "tests").mkdir()
    (source / "tests" / "__init__.py").touch()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    expected = {
        path.relative_to(source).as_posix()
        for package in PACKAGES
        for path in (source / package).rglob("*")
        if path.is_file()
    }
    script = "import sys, setuptools.build_meta as backend; backend.build_wheel(sys.argv[1])"
    built = subprocess.run(
        [sys.executable, "-c", script, str(out)], cwd=source, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr[-2000:]
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (entry_points,) = (name for name in archive.namelist() if name.endswith("/entry_points.txt"))
        assert "capaian = flows.cli.main:main" in archive.read(entry_points).decode()
    assert names == expected


@pytest.mark.parametrize(
    ("target", "commands"),
    [
        ("demo", ["capaian demo"]),
        ("test", ["-m pytest"]),
        ("check", ["ruff check .", "ruff format --check .", "mypy", "lint-imports"]),
        ("fix", ["ruff check --fix .", "ruff format ."]),
    ],
)
def test_make_target_runs_its_tools(target: str, commands: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    printed = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert [command for command in commands if command not in printed] == []


def test_import_contract_names_every_room_of_the_warehouse_that_is_closed() -> None:
    """A new module of the warehouse is closed to transforms and expectations until someone opens it here."""
    opened = {"contract", "columns", "registration", "corrections", "decisions", "tables", "profiles"}
    rooms = {path.stem for path in (ROOT / "warehouse").glob("*.py")} - {"__init__"}
    rooms |= {path.parent.name for path in (ROOT / "warehouse").glob("*/__init__.py")}
    closed = [
        set(contract["forbidden_modules"])
        for contract in PYPROJECT["tool"]["importlinter"]["contracts"]
        if set(contract.get("source_modules", [])) == {"transforms", "expectations"}
    ]
    assert closed == [{f"warehouse.{room}" for room in rooms - opened}]
