"""What is exchanged with other FHIR servers: notices, what was seen, what is owed and sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "source_state",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("last_notice", sa.BigInteger),
        sa.Column("caught_up", sa.BigInteger),
        sa.Column("checked", sa.BigInteger),
        sa.Column("addressing", sa.Text, nullable=False),
        sa.Column("failing_since", sa.BigInteger),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("published", sa.Text, nullable=False),
        sa.Column("publish_due", sa.BigInteger, nullable=False),
        sa.Column("publish_said", sa.Text, nullable=False),
    )
    op.create_table(
        "notice",
        sa.Column("seq", _Key, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("happening", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("updated", sa.BigInteger),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("patient", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("claim", sa.Text, nullable=False),
        sa.Column("claimed_until", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "notice_key",
        "notice",
        ["source", "key"],
        unique=True,
        postgresql_where=sa.text("key <> ''"),
        sqlite_where=sa.text("key <> ''"),
    )
    op.create_index(
        "notice_waiting",
        "notice",
        ["source", "due"],
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.create_index("notice_state", "notice", ["state", "seq"])
    op.create_index("notice_counted", "notice", ["source", "state"])
    op.create_index("notice_resource", "notice", ["source", "type", "id", "seq"])
    op.create_index("notice_patient", "notice", ["patient"])
    op.create_table(
        "seen",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("type", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kept", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("updated", sa.BigInteger),
        sa.Column("gone", sa.Boolean, nullable=False),
        sa.Column("patient", sa.Text, nullable=False),
    )
    op.create_index("seen_kept", "seen", ["source", "type", "kept"])
    op.create_index("seen_patient", "seen", ["patient"])
    op.create_table(
        "feed",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("patient", sa.Text, primary_key=True),
        sa.Column("missing", sa.Text, nullable=False),
        sa.Column("read", sa.BigInteger),
        sa.Column("again", sa.BigInteger),
    )
    op.create_index("feed_patient", "feed", ["patient"])
    op.create_index("feed_again", "feed", ["source", "again"])
    op.create_table(
        "outbox",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("patient", sa.Text, primary_key=True),
        sa.Column("wanted", sa.BigInteger, nullable=False),
        sa.Column("sent", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("claim", sa.Text, nullable=False),
        sa.Column("claimed_until", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "outbox_owed",
        "outbox",
        ["source", "due"],
        postgresql_where=sa.text("wanted > sent AND state = 'waiting'"),
        sqlite_where=sa.text("wanted > sent AND state = 'waiting'"),
    )
    op.create_index("outbox_patient", "outbox", ["patient"])
    op.create_table(
        "delivered",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("reference", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("patient", sa.Text, nullable=False),
    )
    op.create_index("delivered_patient", "delivered", ["patient"])
    op.create_table(
        "channel",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("subscription", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger),
        sa.Column("missing", sa.Text, nullable=False),
        sa.Column("gap_since", sa.BigInteger),
        sa.Column("heard", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("heartbeat", sa.Integer, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
    )
