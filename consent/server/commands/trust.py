"""`consent-server trust`: write the trust file that verifiers need, to a file or to standard output."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from consent.log import durable_file
from consent.server.commands.registry_here import adopt_settings
from consent.server.keys.errors import KeysError
from consent.server.keys.index import read_index
from consent.server.keys.published import trust_bytes


def run(arguments: Sequence[str]) -> int:
    """Write it; returns the exit status. Needs the key folder only, no database."""
    parser = argparse.ArgumentParser(prog="consent-server trust", description=__doc__)
    parser.add_argument("--output", type=Path, help="the file to write; standard output without it")
    output = parser.parse_args(list(arguments)).output
    settings = adopt_settings()
    index = read_index(settings.storage.keys)
    if index is None:
        raise KeysError(f"there are no keys in {settings.storage.keys}: run `consent-server migrate` first")
    data = trust_bytes(index, origin=settings.web.origin)
    if output is None:
        sys.stdout.write(data.decode() + "\n")
    else:
        durable_file.replace(output.absolute(), data + b"\n")
        print(f"Written: {output}")
    return 0
