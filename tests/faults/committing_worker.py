"""A worker process: commits a denial, says so on standard output, and begins to wait for its enforcement."""

import sys
from pathlib import Path

import django


def main(root: str) -> None:
    """Commit one denial over the stores in `root`, print its id, then wait as every worker does."""
    django.setup()
    from consent.log.enforcement import wait_enforced
    from consent.log.transaction import history_transaction
    from tests.log.history import event, file_ports

    ports = file_ports(Path(root))
    with history_transaction(False, ports) as tx:
        event_id = tx.append(event("grant.ended", denies=True))
    print(event_id, flush=True)
    wait_enforced(event_id, committed_at_boot=tx.committed_at_boot, ports=ports)
    print("enforced", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
