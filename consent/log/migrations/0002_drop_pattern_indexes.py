"""Drop the `text_pattern_ops` indexes that Django adds to text keys: under COLLATE "C" they repeat the key."""

from django.db import migrations


class Migration(migrations.Migration):
    """One index less to write for every event."""

    dependencies = [("log", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="DROP INDEX IF EXISTS log_event_event_id_38cc7a4e_like;"
            "DROP INDEX IF EXISTS log_enforcement_event_id_aba912bf_like;",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
