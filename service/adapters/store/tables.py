"""The tables of the store; `service.adapters.migrations` makes them, a test compares.

A resource has versions, and nothing of a version ever changes: what was said stays said. Times are
UTC microseconds since 1970 as integers, so that both databases keep and compare them alike.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

#: SQLite counts rows by itself only where the key is an INTEGER.
_Key = BigInteger().with_variant(Integer, "sqlite")

#: One row a resource: its newest version. `patient` is the key of whose record it is in, empty
#: for nobody's. `digest` is of its content without id and meta.
resource = Table(
    "resource",
    metadata,
    Column("pk", _Key, primary_key=True),
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("release", Text, nullable=False),
    Column("patient", Text, nullable=False),
    Column("derived", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    UniqueConstraint("type", "id"),
    Index("resource_patient", "patient"),
    Index("resource_digest", "digest"),
    Index("resource_updated", "type", "updated", "pk"),
)

#: `body` is what arrived, byte for byte; of what we derived, the R4 form, and `body_r5` the other.
#: Both are empty in a deletion. `links` is JSON: a reference as sent -> what it was resolved to.
version = Table(
    "version",
    metadata,
    Column("seq", _Key, primary_key=True),
    Column("resource", _Key, ForeignKey("resource.pk", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("release", Text, nullable=False),
    Column("patient", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("body", LargeBinary),
    Column("body_r5", LargeBinary),
    Column("links", Text, nullable=False),
    UniqueConstraint("resource", "number"),
    Index("version_patient", "patient", "seq"),
    Index("version_updated", "updated", "seq"),
)

#: What the newest version can be found by: a token, a text, a reference or a stretch of time.
#: `system` is NULL where a token has none; `low` and `high` are times, both included. Values are
#: ordered by their letters' numbers in both databases: the start of one is a stretch of an index.
search_value = Table(
    "search_value",
    metadata,
    Column("resource", _Key, ForeignKey("resource.pk", ondelete="CASCADE"), nullable=False),
    Column("type", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("system", Text),
    Column("value", Text().with_variant(Text(collation="C"), "postgresql")),
    Column("low", BigInteger),
    Column("high", BigInteger),
    Index("search_value_resource", "resource", "name"),
    Index("search_value_value", "type", "name", "value", "resource"),
    Index("search_value_target", "value"),
    Index("search_value_time", "type", "name", "low", postgresql_where=text("low IS NOT NULL")),
)

#: One row a patient whose record was ever changed: `revision` counts the changes.
patient = Table(
    "patient",
    metadata,
    Column("key", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
)

#: What happened to which resource, when and by whom; rendered as AuditEvent when it is read.
#: No clinical content. `action` is FHIR's C, U, D or E; `outcome` its 0, 4, 8 or 12.
audit = Table(
    "audit",
    metadata,
    Column("seq", _Key, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("recorded", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("interaction", Text, nullable=False),
    Column("outcome", SmallInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("number", Integer),
    Column("patient", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("base", Text, nullable=False),
    Index("audit_recorded", "recorded"),
    Index("audit_patient", "patient"),
    Index("audit_target", "type", "target"),
)
