"""Refusing a database that could lose what it acknowledged, or that no longer refuses rewriting."""

from django.db import connection

from consent.log.errors import UnsafeDatabaseError

MIN_SERVER_VERSION = 150000  # DESIGN §13: PostgreSQL ≥ 15

# setting → (values that are safe, how to mend it)
_SETTINGS = {
    "fsync": ({"on"}, "fsync = on in postgresql.conf, and restart"),
    "full_page_writes": ({"on"}, "full_page_writes = on in postgresql.conf, and reload"),
    "synchronous_commit": (
        {"on", "remote_apply"},
        "synchronous_commit = on, and no ALTER ROLE or ALTER DATABASE that sets it otherwise",
    ),
    "server_encoding": ({"UTF8"}, "a database created with ENCODING 'UTF8'"),
    "session_replication_role": ({"origin"}, "a role without session_replication_role"),
}
# Triggers that fire ALWAYS ('A'), which a partial restore or a tampered database may lack.
_TRIGGERS = {
    ("log_event", "log_event_append_only"),
    ("log_event", "log_event_erasable_row"),
    ("log_event", "log_event_erased"),
    ("log_erasurepermit", "log_erasurepermit_closes"),
    ("log_head", "log_head_undeletable"),
    ("log_head", "log_head_forward"),
    ("log_enforcement", "log_enforcement_undeletable"),
    ("log_enforcement", "log_enforcement_frozen"),
    ("log_enforcement", "log_enforcement_once"),
    ("log_publication", "log_publication_undeletable"),
    ("log_publication", "log_publication_forward"),
    ("log_signed_root", "log_signed_root_append_only"),
}


def check_database() -> None:
    """Pass only a primary that keeps what it commits and still has the log's triggers.

    Raises:
        UnsafeDatabaseError: names every fault found, and how to mend it.
    """
    faults = [*_server_faults(), *_setting_faults(), *_trigger_faults()]
    if faults:
        raise UnsafeDatabaseError("; ".join(faults))


def _server_faults() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, pg_is_in_recovery()")
        version, standby = cursor.fetchone()
    faults = []
    if version < MIN_SERVER_VERSION:
        faults.append(f"PostgreSQL is {version // 10000}, expected 15 or later")
    if standby:
        faults.append("this server is a standby: point CONSENT_DATABASE_URL at the primary")
    return faults


def _setting_faults() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, current_setting(name) FROM unnest(%s::text[]) AS name", [list(_SETTINGS)]
        )
        found = dict(cursor.fetchall())
    return [
        f"{name} is {found[name]}, needed: {mend}"
        for name, (safe, mend) in _SETTINGS.items()
        if found[name] not in safe
    ]


def _trigger_faults() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE c.relnamespace = current_schema()::regnamespace AND t.tgenabled = 'A'"
        )
        found = set(cursor.fetchall())
    return [
        f"trigger {trigger} on {table} is missing or disabled: restore from a backup"
        for table, trigger in sorted(_TRIGGERS - found)
    ]
