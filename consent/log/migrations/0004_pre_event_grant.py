"""Which grant an event is about, so that only those whom that grant names are told of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column without a default: nothing is rewritten, and older events have none."""

    dependencies = [("log", "0003_pre_outbox")]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '4s'", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="event",
            name="grant_id",
            field=models.TextField(db_collation="C", null=True),
        ),
    ]
