"""Alembic's entrance: runs the steps on the connection that `service.adapters.store.schema` has."""

from __future__ import annotations

from alembic import context

from service.adapters.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
