"""regorus, a Rego engine in Rust, in process: the same question over the same facts as `decide`."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.peers.facts import ASKED, attributes

POLICY = Path(__file__).parent / "consent.rego"
ROUNDS, CALLS = 50, 200


def measure_us(folder: Path, body: Mapping[str, Any], *, at: str) -> tuple[float, float]:
    """Median microseconds of an evaluation: (the facts are given anew each time, they stay and the question changes).

    It runs in a process of its own, which alone can import from `folder`.

    Raises:
        RuntimeError: the engine does not run here, or decides otherwise than expected.
    """
    told = json.dumps({"facts": {**attributes(body), "state": "active"}, "at": at})
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.peers.rego", str(folder)],
        cwd=Path(__file__).parents[3],
        input=told,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    whole, asked = json.loads(done.stdout)
    return float(whole), float(asked)


def main() -> int:
    """Evaluate what stands on the input; print both medians."""
    sys.path.insert(0, sys.argv[1])
    import regorus

    told = json.loads(sys.stdin.read())
    facts = {name: value for name, value in told["facts"].items() if name != "asked"}
    inputs = {
        name: json.dumps({"facts": facts, "at": told["at"], "asked": {**ASKED, **changed}})
        for name, changed in (("allow", {}), ("deny", {"purpose": "political"}))
    }
    engine = regorus.Engine()
    engine.add_policy("consent.rego", POLICY.read_text("utf-8"))
    for name, text in inputs.items():
        engine.set_input_json(text)
        if engine.eval_rule("data.consent.allow") is not (name == "allow"):
            raise RuntimeError(f"expected {name}, got {engine.eval_rule('data.consent.allow')}")

    def given_anew() -> None:
        engine.set_input_json(inputs["allow"])
        engine.eval_rule("data.consent.allow")

    # Facts as data: only the question is parsed anew. The policy reads input, so data is laid under it.
    kept = regorus.Engine()
    kept.add_policy("consent.rego", POLICY.read_text("utf-8").replace("input.facts", "data.facts"))
    kept.add_data_json(json.dumps({"facts": facts}))
    asked = json.dumps({"at": told["at"], "asked": ASKED})

    def kept_facts() -> None:
        kept.set_input_json(asked)
        kept.eval_rule("data.consent.allow")

    kept_facts()
    if kept.eval_rule("data.consent.allow") is not True:
        raise RuntimeError("expected allow over facts as data")
    print(json.dumps([_median_us(given_anew), _median_us(kept_facts)]))
    return 0


def _median_us(call: Any) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.thread_time_ns()
        for _ in range(CALLS):
            call()
        took.append((time.thread_time_ns() - began) / CALLS / 1000)
    return statistics.median(took)


if __name__ == "__main__":
    raise SystemExit(main())
