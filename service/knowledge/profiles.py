"""`profiles/`: the shipped FHIR definitions, beside the package or, in a wheel, inside it."""

from __future__ import annotations

from pathlib import Path

import service


def profiles_folder() -> Path:
    """Where they stand: `service/profiles` of a wheel, else `profiles` of the checkout."""
    package = Path(service.__file__).parent
    inside = package / "profiles"
    return inside if inside.is_dir() else package.parent / "profiles"


def read_profiles(folder: Path, release: str = "r[45]") -> dict[str, bytes]:
    """`r4/CodeSystem-her2-flag.json` -> its bytes, by name; empty where there are none.

    release: `r4` or `r5` for one of them.
    """
    found = sorted(folder.glob(f"{release}/*.json"))
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in found}


def write_profiles(folder: Path, files: dict[str, bytes]) -> None:
    """Write the files, making the folders that are not there yet."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
