"""`definitions/`: our vocabularies, terms that no other table says, category map, notices."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from service.core.assessment import Category
from service.core.errors import KnowledgeError
from service.core.vocabulary import CategoryAnswer, Relation, Term, Vocabularies, Vocabulary
from service.knowledge.csv_table import required, rows_of


def shipped_vocabularies() -> Vocabularies:
    """Those of the package."""
    return read_vocabularies(files("service.knowledge") / "definitions")


def read_vocabularies(folder: Traversable) -> Vocabularies:
    """The four files; KnowledgeError when a name is unknown or a category has no line."""
    terms: dict[str, list[Term]] = {}
    file = folder / "terms.csv"
    for line, row in rows_of(file, ("vocabulary", "word", "display", "definition")):
        required(file, line, row, row)
        terms.setdefault(row["vocabulary"], []).append(
            Term(row["word"], row["display"], row["definition"])
        )
    file = folder / "vocabularies.csv"
    found: dict[str, Vocabulary] = {}
    for line, row in rows_of(file, ("vocabulary", "title", "description")):
        required(file, line, row, row)
        name = row["vocabulary"]
        if name in found:
            raise KnowledgeError(f"{file.name} line {line}: {name} stands twice")
        own = tuple(terms.pop(name, ()))
        found[name] = Vocabulary(name, row["title"], row["description"], own)
    if terms:
        raise KnowledgeError(f"terms.csv: no such vocabulary: {', '.join(sorted(terms))}")
    notices = {}
    file = folder / "copyrights.csv"
    for line, row in rows_of(file, ("system", "notice")):
        required(file, line, row, row)
        notices[row["system"]] = row["notice"]
    return Vocabularies(found, _answers(folder / "category_map.csv"), notices)


def _answers(file: Traversable) -> tuple[CategoryAnswer, ...]:
    answers = []
    for line, row in rows_of(file, ("category", "answer", "relation", "comment")):
        required(file, line, row, ("category", "relation"))
        try:
            category, relation = Category(row["category"]), Relation(row["relation"])
        except ValueError as error:
            raise KnowledgeError(f"{file.name} line {line}: {error}") from error
        if (relation is Relation.NONE) is bool(row["answer"]):
            raise KnowledgeError(f"{file.name} line {line}: an answer, or the relation none")
        answers.append(CategoryAnswer(category, row["answer"], relation, row["comment"]))
    if missing := sorted({*Category} - {a.category for a in answers}):
        raise KnowledgeError(f"{file.name}: no line for {', '.join(missing)}")
    return tuple(answers)
