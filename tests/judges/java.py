"""Builds the Java of this folder with Maven, once for as long as nothing changes."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TARGET = HERE / "target"
JAVA = 17
#: The classpath, and under it what it was built from.
_CLASSPATH, _BUILT_FROM = TARGET / "classpath", TARGET / "built-from"
_MAVEN = ["mvn", "-B", "-q", "-ntp", "compile", "dependency:build-classpath"]


def command(
    main_class: str, *arguments: str, heap: str, properties: Mapping[str, str] | None = None
) -> list[str]:
    """The command line of one of our programs; builds it where that is still to do.

    properties: of Java's own kind, `-Dname=value`.

    Skips the test that asks where there is no Java; fails it when CI=true.
    """
    _needs_java()
    _build()
    return [
        "java",
        f"-Xmx{heap}",
        "-XX:+UseParallelGC",  # throughput before pauses
        f"-Duser.home={TARGET / 'home'}",  # HL7's code keeps a cache there
        *(f"-D{name}={value}" for name, value in (properties or {}).items()),
        "-cp",
        f"{TARGET / 'classes'}{os.pathsep}{_CLASSPATH.read_text(encoding='utf-8')}",
        f"judges.{main_class}",
        *arguments,
    ]


def lacking(sentence: str) -> None:
    """Ends a test that this machine cannot run: a skip, or a failure when CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def _needs_java() -> None:
    said = ""
    if shutil.which("java"):
        said = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', said)
    if not found or int(found[1]) < JAVA:
        lacking(f"The judges of tests/contract need Java {JAVA} or newer: no such `java` is here.")


def _build() -> None:
    if _up_to_date():
        return
    for name in ("javac", "mvn"):
        if not shutil.which(name):
            lacking(
                f"The judges of tests/contract are built with a JDK and Maven: no `{name}` here."
            )
    shutil.rmtree(TARGET, ignore_errors=True)
    done = subprocess.run(
        [*_MAVEN, f"-Dmdep.outputFile={_CLASSPATH}"], cwd=HERE, capture_output=True, text=True
    )
    assert done.returncode == 0, f"Maven could not build tests/judges:\n{done.stdout[-3000:]}"
    _BUILT_FROM.write_text(_sources(), encoding="utf-8")


def _up_to_date() -> bool:
    """The sources are those that were built, and no jar has gone since."""
    if not _BUILT_FROM.exists() or _BUILT_FROM.read_text(encoding="utf-8") != _sources():
        return False
    jars = _CLASSPATH.read_text(encoding="utf-8").strip().split(os.pathsep)
    return all(Path(jar).exists() for jar in jars)


def _sources() -> str:
    """A digest of all that the build reads."""
    digest = hashlib.sha256()
    files = [HERE / "pom.xml", *sorted(p for p in (HERE / "src").rglob("*") if p.is_file())]
    for path in files:
        digest.update(f"{path.relative_to(HERE)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
