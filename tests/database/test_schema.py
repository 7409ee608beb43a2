"""The steps that make the database, on both kinds of it."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from service.adapters.store.engine import WRITES, engine_of
from service.adapters.store.schema import upgrade
from service.adapters.store.store import SqlStore
from service.adapters.store.tables import metadata
from service.core.errors import StoreUnavailable


@pytest.fixture
def engine(database_url):
    engine = engine_of(database_url)
    yield engine
    engine.dispose()


def test_the_steps_make_exactly_the_tables_that_the_code_uses(database_url, engine):
    upgrade(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        names = set(inspect(connection).get_table_names())
        conditions = {
            index["name"]: bool(index.get("dialect_options", {}).get("postgresql_where"))
            for name in metadata.tables
            for index in inspect(connection).get_indexes(name)
        }
    assert names == {*metadata.tables, "alembic_version"}
    if engine.dialect.name == "postgresql":
        assert {name for name, some in conditions.items() if some} == {
            index.name
            for table in metadata.tables.values()
            for index in table.indexes
            if index.dialect_options["postgresql"]["where"] is not None
        }


def test_an_upgrade_can_be_repeated(database_url):
    assert upgrade(database_url) == upgrade(database_url)


def test_a_database_that_is_current_is_no_trouble(database_url):
    store = SqlStore(database_url)
    assert "her2 db upgrade" in store.trouble()
    upgrade(database_url)
    assert store.trouble() == ""
    store.close()


def test_a_database_of_a_newer_service_is_left_alone_and_told(database_url, engine):
    upgrade(database_url)
    with engine.connect() as connection:
        connection = connection.execution_options(**{WRITES: True})
        with connection.begin():
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnavailable, match="newer"):
        upgrade(database_url)
    store = SqlStore(database_url)
    assert "newer" in store.trouble()
    store.close()


def test_an_empty_database_is_unavailable_and_not_a_failure(database_url):
    store = SqlStore(database_url)
    with pytest.raises(StoreUnavailable), store.reading() as reader:
        reader.current("Patient", "1")
    store.close()


def test_a_database_that_is_not_there_is_told_without_its_address():
    store = SqlStore("postgresql://me:secret@127.0.0.1:1/none")
    said = store.trouble()
    assert said
    assert not {"secret", "127.0.0.1"} & set(said.replace(":", " ").split())


def test_an_unknown_kind_of_database_is_a_sentence():
    with pytest.raises(StoreUnavailable, match="not known here"):
        upgrade("sqlite+none:///her2.db")
