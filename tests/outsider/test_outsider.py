"""An independent client: what it sent and what the store holds in the end are the same, and nothing else is there.

Rule: written from `interfaces.md` alone; standard library, paho and pytest only; MQTT and `parkpulse query` only.
"""

import ast
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .book import compare
from .load import FIRST, MAX_PAYLOAD, SECOND, Load, make_load
from .park import Plant, await_gateway, needs_mosquitto, plant, publish

PATIENCE_S = 45.0
HOSTILE = 600


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def await_ledger(running: Plant, expected: dict[str, int]) -> dict[str, int]:
    """The ledger when all that was sent is settled (it is said every 10 s), or as it stands in the end."""
    until = time.monotonic() + PATIENCE_S
    while True:
        said = running.ledger()
        settled = said.get("received") == expected["received"] and said.get("waiting") == 0
        if settled or time.monotonic() > until:
            return said
        assert running.process.poll() is None, running.log.read_text()
        time.sleep(0.5)


def await_windows(running: Plant, load: Load) -> list[str]:
    """What differs, once the last minute has closed: no difference, or as it stands a little later."""
    expected = load.book.windows()
    last = max(start for _, _, window, start in expected if window == "1m")
    until = time.monotonic() + PATIENCE_S
    closed_at = 0.0
    while True:
        stored = running.windows()
        slips = compare(expected, stored)
        if any(key[2:] == ("1m", last) for key in stored):
            closed_at = closed_at or time.monotonic()
        if not slips or time.monotonic() > until or (closed_at and time.monotonic() > closed_at + 3):
            return slips
        assert running.process.poll() is None, running.log.read_text()
        time.sleep(0.5)


def test_the_stranger_knows_nothing_of_the_product() -> None:
    allowed = {*sys.stdlib_module_names, "paho", "pytest"}
    files = sorted(Path(__file__).parent.glob("*.py"))
    assert len(files) >= 5
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level < 2, f"{file.name}: imports from above its folder"
                names = [node.module or ""] if node.level == 0 else []
            foreign = {name.partition(".")[0] for name in names} - allowed
            assert not foreign, f"{file.name} imports {foreign}"
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            assert called not in ("__import__", "exec", "eval"), f"{file.name} calls {called}"


def test_the_load_is_what_it_claims() -> None:
    load = make_load(now_ms(), 48_000, 1.6, HOSTILE)
    messages = [message for publisher in load.publishers for message in publisher]
    hostile = [message for message in messages if not message.samples]
    assert sum(len(message.samples) for message in messages) >= 20_000
    assert len(hostile) >= 500
    assert max(len(message.body) for message in hostile) > MAX_PAYLOAD
    names = {"NFC", "NFD"}
    assert load.forms >= {(form, name) for form in ("single", "object", "batch", "umh") for name in names}
    assert min(load.book.ledger.values()) > 100
    for unit in (FIRST, SECOND, ""):
        times = [sample.t for m in messages for sample in m.samples if sample.unit == unit]
        assert times[:50] != sorted(times[:50]), "disorder from the first record on"
    rows = load.book.windows()
    assert any(row["count"] == 0 for row in rows.values())
    assert len({start for _, _, window, start in rows if window == "1m"}) == 2
    qualities = {sample.quality for message in messages for sample in message.samples}
    assert qualities >= {0, 192, 8}


@needs_mosquitto
@pytest.mark.slow
@pytest.mark.real
def test_the_store_holds_what_was_sent_and_nothing_else(tmp_path: Path) -> None:
    with plant(tmp_path / "plant") as running:
        probes = await_gateway(running.port)
        load = make_load(now_ms(), 48_000, 1.6, HOSTILE)
        load.book.reject(probes)
        publish(load, [running.port])
        expected = load.book.ledger | {"waiting": 0, "gap": 0, "expired": 0, "corrected": 0, "undated": 0}
        slips = await_windows(running, load)
        assert not slips, f"{len(slips)} differences\n" + "\n".join(slips[:20])
        said = await_ledger(running, expected)
        assert {name: said.get(name) for name in expected} == expected
        assert said["received"] == sum(said[name] for name in ("stored", "duplicate", "conflict", "rejected"))
        assert running.stop() == 0
        assert not compare(load.book.windows(), running.windows())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Load, dict[str, Plant]]]:
    """One small load, published at once to four products: a whole one and three mutants."""
    folder = tmp_path_factory.mktemp("mutants")
    with ExitStack() as stack:
        plants = {
            name: stack.enter_context(plant(folder / name, mutant=name))
            for name in ("none", "no_dedup", "no_corrections", "no_nfc")
        }
        for running in plants.values():
            await_gateway(running.port)
        load = make_load(now_ms(), 8_000, 1.3, 100)
        assert load.book.ledger["stored"] >= 2_000
        publish(load, [running.port for running in plants.values()])
        yield load, plants


@needs_mosquitto
@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize(
    ("mutant", "sign"),
    [
        pytest.param("none", "", id="the whole product is green"),
        pytest.param("no_dedup", " count: ", id="no dedup"),
        pytest.param("no_corrections", " count: ", id="no corrections"),
        pytest.param("no_nfc", "missing: ", id="no NFC"),
    ],
)
def test_a_broken_rule_turns_the_comparison_red_and_a_whole_one_green(
    small: tuple[Load, dict[str, Plant]], mutant: str, sign: str
) -> None:
    load, plants = small
    slips = await_windows(plants[mutant], load)
    if mutant == "none":
        assert not slips, f"{len(slips)} differences\n" + "\n".join(slips[:20])
    else:
        assert any(sign in slip for slip in slips)
