"""Rows that go in together, in both databases, as single ones would."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

from service.adapters.store.bulk import add, add_values
from service.adapters.store.engine import engine_of
from service.adapters.store.tables import metadata, patient, search_value

TEXTS = ("a\tb\n\\N\\.", "\\N", "ä€😀", "'\";", " ")


@pytest.fixture
def connection(database_url):
    engine = engine_of(database_url)
    metadata.create_all(engine)
    with engine.connect() as connection, connection.begin() as begun:
        yield connection
        begun.rollback()
    engine.dispose()


def test_what_is_kept_is_what_was_given(connection):
    add(connection, patient, ("key", "revision"), [(text, 2**62) for text in TEXTS])
    kept = connection.execute(select(patient.c.key, patient.c.revision)).all()
    assert sorted(kept) == sorted((text, 2**62) for text in TEXTS)


def test_a_row_that_is_there_already_is_told_as_any_statement_tells_it(connection):
    add_values(connection, patient, [{"key": "Patient/1", "revision": 1}])
    with pytest.raises(IntegrityError) as told:
        add_values(connection, patient, [{"key": "Patient/1", "revision": 1}])
    assert "Patient/1" not in str(told.value.statement)


def test_a_value_that_a_column_cannot_hold_is_refused(connection):
    row = (None, "Observation", "code", None, "x", None, None)
    with pytest.raises(DBAPIError):
        add(connection, search_value, [c.name for c in search_value.columns], [row])
