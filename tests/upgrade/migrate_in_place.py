"""Run in a process of its own: migrate the database of CONSENT_DATABASE_URL and say what it then holds."""

import json

import django
from django.core.management import call_command


def main() -> None:
    """Print one JSON object: rows by table, and the head of each verified history."""
    django.setup()
    from consent.log.models import LogHead
    from consent.log.verify import verify_history
    from consent.registry.models import Grant, Performer, Statement

    call_command("migrate", verbosity=0)
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    heads = {}
    for head in LogHead.objects.all():
        verify_history(head.livemode)
        heads["live" if head.livemode else "test"] = head.seq
    counts = {model.__name__: model.objects.count() for model in (Grant, Performer, Statement)}
    print(json.dumps({"heads": heads, **counts}))


if __name__ == "__main__":
    main()
