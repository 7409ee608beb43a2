"""Runs the scripts of this folder, over the npm clients that `npm ci` put here once."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from tests.judges.java import lacking

HERE = Path(__file__).parent
#: What @medplum/core asks for.
NODE = (20, 19)
#: What the clients were installed from.
_STAMP = HERE / "node_modules" / ".installed-from"
_NPM = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]


def command(script: str, *arguments: str) -> list[str]:
    """The command line of a script; installs the clients where that is still to do.

    Skips the test that asks where there is no Node; fails it when CI=true.
    """
    _needs_node()
    _install()
    return ["node", str(HERE / script), *arguments]


def _needs_node() -> None:
    said = ""
    if shutil.which("node"):
        said = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    if not found or (int(found[1]), int(found[2])) < NODE:
        wanted = ".".join(map(str, NODE))
        lacking(f"The npm clients need Node {wanted} or newer: no such `node` is here.")


def _install() -> None:
    if _STAMP.exists() and _STAMP.read_text(encoding="utf-8") == _sources():
        return
    if not shutil.which("npm"):
        lacking("The npm clients are installed with npm: no `npm` is here.")
    done = subprocess.run(_NPM, cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 0, f"npm could not install the clients:\n{done.stderr[-3000:]}"
    _STAMP.write_text(_sources(), encoding="utf-8")


def _sources() -> str:
    """A digest of all that npm reads."""
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()
