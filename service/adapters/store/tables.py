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

#: One row a source that was ever configured. `prefix` is what its ids begin with in our record:
#: it never changes. `caught_up` is a time by the source's own clock: what changed before is known.
#: `target` is where plans
#: go, `addressing` says how we write there (`id`, `criteria`, empty: not known yet).
#: `failing_since` and `said` tell since when it cannot be reached, and why.
source_state = Table(
    "source_state",
    metadata,
    Column("source", Text, primary_key=True),
    Column("prefix", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("last_notice", BigInteger),
    Column("caught_up", BigInteger),
    Column("checked", BigInteger),
    Column("addressing", Text, nullable=False),
    Column("failing_since", BigInteger),
    Column("said", Text, nullable=False),
    Column("published", Text, nullable=False),
    Column("publish_due", BigInteger, nullable=False),
    Column("publish_said", Text, nullable=False),
)

#: One row a notice, and one a delivery that could not be read. `type` and `id` are the source's.
#: `key` tells a notice that came before, empty when nothing can. `body` is NULL where the resource
#: has to be fetched, and once it is in the record. `state`: waiting, done, stale, own, ignored,
#: quarantined or dismissed. `method`: of a delivery that could not be read; REPLAY where a person
#: sent a notice back. `claimed_until`: until then it belongs to the worker that has `claim`.
notice = Table(
    "notice",
    metadata,
    Column("seq", _Key, primary_key=True),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("happening", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("updated", BigInteger),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("patient", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("claim", Text, nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
    Index(
        "notice_key",
        "source",
        "key",
        unique=True,
        postgresql_where=text("key <> ''"),
        sqlite_where=text("key <> ''"),
    ),
    Index(
        "notice_waiting",
        "source",
        "due",
        postgresql_where=text("state = 'waiting'"),
        sqlite_where=text("state = 'waiting'"),
    ),
    Index("notice_state", "state", "seq"),
    Index("notice_counted", "source", "state"),
    Index("notice_resource", "source", "type", "id", "seq"),
    Index("notice_patient", "patient"),
)

#: The newest that was taken of each resource of a source. `kept` is its id in our record; `gone`:
#: it was deleted there.
seen = Table(
    "seen",
    metadata,
    Column("source", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("kept", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("updated", BigInteger),
    Column("gone", Boolean, nullable=False),
    Column("patient", Text, nullable=False),
    Index("seen_kept", "source", "type", "kept"),
    Index("seen_patient", "patient"),
)

#: Which source tells us of which patient, and what of his record there could not be read: JSON, a
#: list of [type, sentence, whether it may be read later].
feed = Table(
    "feed",
    metadata,
    Column("source", Text, primary_key=True),
    Column("patient", Text, primary_key=True),
    Column("missing", Text, nullable=False),
    Column("read", BigInteger),
    Column("again", BigInteger),
    Index("feed_patient", "patient"),
    Index("feed_again", "source", "again"),
)

#: What a patient's source is owed: `wanted` counts the changes of what was derived, `sent` how many
#: of them are there. `since`: when the oldest of those that are not came to be. `state`: waiting or
#: parked.
outbox = Table(
    "outbox",
    metadata,
    Column("source", Text, primary_key=True),
    Column("patient", Text, primary_key=True),
    Column("wanted", BigInteger, nullable=False),
    Column("sent", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("said", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("claim", Text, nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
    Index(
        "outbox_owed",
        "source",
        "due",
        postgresql_where=text("wanted > sent AND state = 'waiting'"),
        sqlite_where=text("wanted > sent AND state = 'waiting'"),
    ),
    Index("outbox_patient", "patient"),
)

#: Which version of what was derived a source's server has acknowledged.
delivered = Table(
    "delivered",
    metadata,
    Column("source", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("patient", Text, nullable=False),
    Index("delivered_patient", "patient"),
)

#: One row a Subscription that notified us. `number` is the last event's, `missing` JSON: a list of
#: [first, last] of those that did not come; `gap_since` when the oldest of them was missed.
channel = Table(
    "channel",
    metadata,
    Column("source", Text, primary_key=True),
    Column("subscription", Text, primary_key=True),
    Column("number", BigInteger),
    Column("missing", Text, nullable=False),
    Column("gap_since", BigInteger),
    Column("heard", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("heartbeat", Integer, nullable=False),
    Column("said", Text, nullable=False),
)
