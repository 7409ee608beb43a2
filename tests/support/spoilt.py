"""Copies of knowledge files, with one thing wrong in them."""

import csv


def copied(folder, to):
    """A copy of every file of the folder, to be spoilt."""
    for file in folder.iterdir():
        (to / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    return to


def spoil(folder, name, old, new):
    """Put `new` for the first `old` of a file; `old` must be there."""
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def rewrite(file, change):
    """Give the header and the other lines to a function that changes them in place."""
    with file.open(encoding="utf-8", newline="") as read:
        header, *lines = list(csv.reader(read))
    change(header, lines)
    with file.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written, lineterminator="\n").writerows([header, *lines])


def spoil_cell(file, row, column, text):
    """Write a text into one cell of the first line so named; its number."""
    found = []

    def change(header, lines):
        at = next(n for n, line in enumerate(lines) if line[0] == row)
        lines[at][header.index(column)] = text
        found.append(at + 2)

    rewrite(file, change)
    return found[0]
