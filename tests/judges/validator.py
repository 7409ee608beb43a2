"""HL7's validator: many bodies in one run, each message with the name of its body."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.judges.java import command

GRAVE = ("error", "fatal")


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that the validator says.

    body: the name that the body was given. where: FHIRPath. id: the validator's own, or empty.
    """

    body: str
    severity: str
    where: str
    id: str
    text: str

    @property
    def is_grave(self) -> bool:
        return self.severity in GRAVE

    def __str__(self) -> str:
        return f"{self.body}: {self.severity}: {self.where}: {self.text}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was judged, by name, and all that was said of it."""

    bodies: tuple[str, ...]
    messages: tuple[Message, ...]


def judge(
    version: str, definitions: Path, bodies: Iterable[tuple[str, bytes]], folder: Path
) -> Verdict:
    """The verdict on (name, JSON on one line) pairs, judged while they are still being made.

    version: `R4` or `R5`. definitions: the folder of the profiles and terminology that the bodies
    use. folder: an empty one, for what the validator prints.
    """
    names = []
    said, log = folder / "said.ndjson", folder / "validator.log"
    with said.open("wb") as out, log.open("wb") as err:
        validator = subprocess.Popen(
            command("Validate", version, str(definitions), heap="3g"),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
        )
        assert validator.stdin
        try:
            with validator.stdin as lines:
                for name, body in bodies:
                    names.append(name)
                    lines.write(body + b"\n")
            code = validator.wait()
        finally:
            validator.kill()
            validator.wait()
    assert code == 0, f"the validator failed:\n{log.read_text(encoding='utf-8')[-3000:]}"
    with said.open(encoding="utf-8") as lines:
        return Verdict(tuple(names), tuple(_message(json.loads(line), names) for line in lines))


def _message(said: dict[str, str | int | None], names: list[str]) -> Message:
    return Message(
        body=names[int(said["line"] or 0)],
        severity=str(said["severity"]),
        where=str(said["where"] or ""),
        id=str(said["id"] or ""),
        text=str(said["text"] or ""),
    )
