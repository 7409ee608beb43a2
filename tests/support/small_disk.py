"""A disk that is full when a test wants it: a small file system of its own where one may be
mounted, else a bound on how far the service's files may grow."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BYTES = 16 * 1024 * 1024


class SmallDisk:
    """folder: on it. mounted: a full one is `No space left on device`, else `File too large`."""

    def __init__(self, folder: Path, mounted: bool) -> None:
        self.folder, self.mounted = folder, mounted
        self._ballast = folder / "ballast"

    def fill(self, group: int) -> None:
        """For the processes of a group."""
        if not self.mounted:
            largest = max(file.stat().st_size for file in self.folder.iterdir())
            _bound(group, largest)
            return
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                return

    def make_room(self, group: int) -> None:
        """As an administrator does, while the service runs on."""
        if self.mounted:
            self._ballast.unlink()
        else:
            _bound(group, resource.RLIM_INFINITY)


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Unmounted afterwards."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={_BYTES}", "tmpfs", str(folder)]
    mounted = os.getuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0
    try:
        yield SmallDisk(folder, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _bound(group: int, size: int) -> None:
    for pid in processes_of(group):
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))


def processes_of(group: int) -> list[int]:
    """The processes of a group, as Linux tells."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                said = (folder / "stat").read_text()
            except OSError:
                continue
            if int(said.rpartition(")")[2].split()[2]) == group:
                found.append(int(folder.name))
    return found
