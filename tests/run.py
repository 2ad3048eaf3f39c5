"""Runs every tier of the tests and says at the end which ran, which did not, and what would bring them.

Rule: green hides nothing. A tier without tests says so; with SERVICES=required a missing real service is a failure, and
so is a test that was skipped for want of one. The last line holds the totals alone.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
TIERS = ("unit", "contract", "integration", "e2e", "outsider", "crash", "simulation")
SERVICES = {"mosquitto": "PARKPULSE_TEST_MQTT", "kafka": "PARKPULSE_TEST_KAFKA", "influxdb": "PARKPULSE_TEST_INFLUX"}
WORDS = ("mosquitto", "kafka", "influx")  # by which a skip says that it wanted one of them
ALL_CORES = ("-n", "auto")
TIMELESS = {"unit", "simulation"}  # tiers without services and stopwatches
NO_TESTS = 5  # pytest's exit code for an empty collection


@dataclass(frozen=True)
class Outcome:
    tier: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    note: str = ""
    reasons: Counter[str] = field(default_factory=Counter)


def run_tier(tier: str) -> Outcome:
    """One pytest call over one folder."""
    if not any((ROOT / "tests" / tier).rglob("test_*.py")):
        return Outcome(tier, note="nothing here yet")
    print(f"-- {tier}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", f"tests/{tier}", f"--junitxml={report}"]
        command += ["-m", "not faults", "--continue-on-collection-errors", *(ALL_CORES if tier in TIMELESS else ())]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        outcome = read_report(tier, report) if report.exists() else Outcome(tier)
    outcome = replace(outcome, seconds=time.monotonic() - started)
    if code == NO_TESTS:
        return replace(outcome, note="nothing here yet")
    if code != 0 and outcome.failed == 0:
        return replace(outcome, failed=1, note=f"pytest ended with exit code {code}")
    return outcome


def read_report(tier: str, report: Path) -> Outcome:
    """Counts one JUnit report; a test that errs in set-up or tear-down has failed."""
    reasons: Counter[str] = Counter()
    verdicts: dict[tuple[str, str], str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = (case.get("classname", ""), case.get("name", ""))
        if case.find("failure") is not None or case.find("error") is not None:
            verdicts[name] = "failed"
        elif (skip := case.find("skipped")) is not None:
            verdicts.setdefault(name, "skipped")
            reasons[skip.get("message", "no reason given")] += 1
        else:
            verdicts.setdefault(name, "passed")
    kinds = Counter(verdicts.values())
    return Outcome(tier, kinds["passed"], kinds["failed"], kinds["skipped"], reasons=reasons)


def fail_on_missing_services(outcome: Outcome) -> Outcome:
    """With SERVICES=required: skips that name a service count as failures."""
    wanting = {why: n for why, n in outcome.reasons.items() if any(word in why.lower() for word in WORDS)}
    hidden = min(sum(wanting.values()), outcome.skipped)
    if not hidden:
        return outcome
    note = f"{hidden} skipped for want of a service"
    return replace(outcome, failed=outcome.failed + hidden, skipped=outcome.skipped - hidden, note=note)


@contextlib.contextmanager
def found_services(required: bool) -> Iterator[list[Outcome]]:
    """Real services, by address in the environment or brought up for this run; the tiers learn their addresses."""
    with tempfile.TemporaryDirectory(prefix="parkpulse-services-") as folder:
        command = [sys.executable, "-m", "pipeline", "services"]
        place = ["--dir", str(Path(folder, "run"))]
        try:
            print(f"-- services: {', '.join(SERVICES)}", flush=True)
            up = [*command, "up", *SERVICES, *place, "--env"]
            with subprocess.Popen(up, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
                said = []
                for line in child.stderr or ():
                    print(line, end="", flush=True)
                    said.append(line.rstrip())
                addresses = dict(line.rstrip().split("=", 1) for line in child.stdout or ())
            os.environ.update(addresses)
            yield [stand(name, variable, addresses, said, required) for name, variable in SERVICES.items()]
        finally:
            subprocess.run([*command, "down", *place], cwd=ROOT, check=False, stderr=subprocess.DEVNULL)


def stand(name: str, variable: str, addresses: dict[str, str], said: list[str], required: bool) -> Outcome:
    """The note of one that is missing is the last that `up` said of it: what was tried and what would bring it."""
    if address := addresses.get(variable):
        return Outcome(name, note=address)
    why = next((line.removeprefix(f"{name}: ") for line in reversed(said) if line.startswith(f"{name}: ")), "no word")
    return Outcome(name, failed=int(required), note=why)


def print_table(outcomes: list[Outcome], services: list[Outcome]) -> None:
    print(f"\n{'tier':<12}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for one in outcomes:
        counts = f"{one.passed:>8}{one.failed:>8}{one.skipped:>9}{one.seconds:>9.1f}"
        print(f"{one.tier:<12}{'' if one.note == 'nothing here yet' else counts}  {one.note}".rstrip())
    for one in outcomes:
        for reason, times in one.reasons.most_common():
            print(f"not run: {one.tier}, {times} x {reason}")
    for one in services:
        print(f"{one.tier}: {one.note}")


def main() -> int:
    required = os.environ.get("SERVICES") == "required"
    with found_services(required) as services:
        outcomes = [run_tier(tier) for tier in TIERS]
    if required:
        outcomes = [fail_on_missing_services(outcome) for outcome in outcomes]
    print_table(outcomes, services)
    counted = [*outcomes, *services]
    failed = sum(outcome.failed for outcome in counted)
    passed, skipped = sum(outcome.passed for outcome in counted), sum(outcome.skipped for outcome in counted)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
