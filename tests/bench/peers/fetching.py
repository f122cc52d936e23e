"""`python -m tests.bench.peers.fetching`: what the registry is held against, into a folder that git ignores.

Extras of the benchmark, never of the product. Versions are fixed; npm and pip compare what they fetch with the
registries' own digests. What cannot be had is said, and its row says "not measured".
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parents[3] / ".state" / "bench" / "peers"
CERBOS = "@cerbos/cerbos-linux-x64@0.55.0"
# microsoft/regorus publishes no wheel of its own on PyPI under its name; this one packages it.
REGORUS = "gordon-to-regorus==0.13.0"
FETCH_S = 120


def cerbos_binary() -> Path | None:
    """The fetched Cerbos, if it is there."""
    found = PEERS / "node_modules" / "@cerbos" / "cerbos-linux-x64" / "cerbos-linux-x64"
    return found if found.exists() else None


def regorus_folder() -> Path | None:
    """The folder to import `regorus` from, if it is there."""
    found = PEERS / "python"
    return found if (found / "regorus").exists() else None


def fetch() -> dict[str, str]:
    """Fetch what is not there yet; by peer, why it could not be had."""
    PEERS.mkdir(parents=True, exist_ok=True)
    failed = {}
    if cerbos_binary() is None:
        npm = shutil.which("npm")
        why = (
            "npm is not on this machine"
            if npm is None
            else _run([npm, "install", "--prefix", str(PEERS), "--no-audit", "--no-fund", CERBOS])
        )
        if (binary := cerbos_binary()) is not None:
            binary.chmod(0o755)
        else:
            failed["cerbos"] = why or f"{CERBOS} does not hold the binary"
    if regorus_folder() is None:
        target = ["--target", str(PEERS / "python")]
        why = _run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *target, REGORUS])
        if regorus_folder() is None:
            failed["regorus"] = why or f"{REGORUS} does not hold the module"
    return failed


def _run(command: list[str]) -> str:
    """Empty on success, otherwise what it said last."""
    try:
        done = subprocess.run(
            command, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=FETCH_S
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return f"{Path(command[0]).name}: {exc}"
    said = (done.stderr or done.stdout).strip().splitlines()
    return f"{Path(command[0]).name}: {said[-1] if said else done.returncode}" if done.returncode else ""


if __name__ == "__main__":
    problems = fetch()
    for peer, reason in problems.items():
        print(f"{peer}: not fetched: {reason}")
    raise SystemExit(bool(problems))
