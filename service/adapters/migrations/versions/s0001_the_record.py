"""The record: resources, their versions, what finds them, patients, and what is audited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "resource",
        sa.Column("pk", _Key, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("patient", sa.Text, nullable=False),
        sa.Column("derived", sa.Boolean, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("type", "id"),
    )
    op.create_index("resource_patient", "resource", ["patient"])
    op.create_index("resource_digest", "resource", ["digest"])
    op.create_index("resource_updated", "resource", ["type", "updated", "pk"])
    op.create_table(
        "version",
        sa.Column("seq", _Key, primary_key=True),
        sa.Column(
            "resource", _Key, sa.ForeignKey("resource.pk", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("patient", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.Column("body_r5", sa.LargeBinary),
        sa.Column("links", sa.Text, nullable=False),
        sa.UniqueConstraint("resource", "number"),
    )
    op.create_index("version_patient", "version", ["patient", "seq"])
    op.create_index("version_updated", "version", ["updated", "seq"])
    op.create_table(
        "search_value",
        sa.Column(
            "resource", _Key, sa.ForeignKey("resource.pk", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("system", sa.Text),
        sa.Column("value", sa.Text().with_variant(sa.Text(collation="C"), "postgresql")),
        sa.Column("low", sa.BigInteger),
        sa.Column("high", sa.BigInteger),
    )
    op.create_index("search_value_resource", "search_value", ["resource", "name"])
    op.create_index("search_value_value", "search_value", ["type", "name", "value", "resource"])
    op.create_index("search_value_target", "search_value", ["value"])
    op.create_index(
        "search_value_time",
        "search_value",
        ["type", "name", "low"],
        postgresql_where=sa.text("low IS NOT NULL"),
    )
    op.create_table(
        "patient",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("seq", _Key, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("recorded", sa.BigInteger, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("interaction", sa.Text, nullable=False),
        sa.Column("outcome", sa.SmallInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("patient", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
    )
    op.create_index("audit_recorded", "audit", ["recorded"])
    op.create_index("audit_patient", "audit", ["patient"])
    op.create_index("audit_target", "audit", ["type", "target"])
