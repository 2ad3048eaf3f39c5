"""Runs of the demo for tests: in process, in a folder of their own, as it is or with a lie of each line on the wire."""

from simulators import summary
from simulators.demo import Demo
from simulators.plant import Plant
from simulators.summary import ledger_totals
from simulators.truth import UnitTruth
from tests.bundled import LINES, told_of
from tests.e2e.mutants import mutate

START_MS = 1_780_000_003_700
TICK_MS = 100
TIMES = ("pbt", "apt", "aust", "adet", "adot", "unclassified")
COUNTS = ("pq", "gq", "sq")


class LyingPlant:
    """A plant whose messages of a whole run have one lie of each line in them; all else, the truth too, is the
    plant's. `lies`: path of the line -> mutant."""

    def __init__(self, plant, lies, seconds):
        self._plant = plant
        ticks = range(plant.start_ms, plant.start_ms + round(seconds * 1000), TICK_MS)
        tagged = [(t, message) for t in ticks for message in plant.messages(t, t + TICK_MS)]
        messages = [message for _, message in tagged]
        for path, mutant in lies.items():
            messages = mutate(messages, told_of(path), mutant)
        self._by_tick = {}
        for (t, _), message in zip(tagged, messages, strict=True):
            if message is not None:
                self._by_tick.setdefault(t, []).append(message)

    def messages(self, t0_ms, t1_ms):
        return [m for t in range(t0_ms, t1_ms, TICK_MS) for m in self._by_tick.get(t, [])]

    def __getattr__(self, name):
        return getattr(self._plant, name)


def run_demo(folder, *, seconds=60.0, speed=60.0, seed=1, lies=None):
    """-> (summary, differing windows by line)."""

    def make(begin):
        plant = Plant(LINES, seed, begin)
        return LyingPlant(plant, lies, seconds) if lies else plant

    with Demo(folder, START_MS, make, speed, "en") as run:
        while run.drive.now_ms < run.start_ms + seconds * 1000:
            run.tick()
        run.finish()
        found = run.summary()
        span = (run.start_ms, run.drive.now_ms)
        differing = {path: compare(run.store, truth, span) for path, truth in run.plant.truth.items()}
    return found, differing


def compare(store, truth, span):
    """Windows of a line and its units whose elements are not the truth's: (equipment, start, name, stored, true)."""
    first = summary.first_window(truth.known_from)
    wrong = []
    books = {f"{truth.path}/{name}": unit for name, unit in truth.units.items()}
    for equipment, book in {truth.path: truth, **books}.items():
        table = store.read("elements", equipment, first, span[1] - 9_999, 10)
        table = table.filter(table["equipment"] == equipment).sort("window_start")
        windows = summary.windows_of(table)
        if not is_told(book):
            continue
        assert len(windows) >= (span[1] - span[0]) // 10_000 - 2, (equipment, first, windows, ledger_totals(store))
        for (start, _), told, row in zip(windows, book.windows(windows), table.iter_rows(named=True), strict=True):
            wrong += [(equipment, start, *difference) for difference in differences(told, row)]
    return wrong


def is_told(book):
    """Whether elements are published of it: of a unit with states or meters, of a line with a pace unit."""
    return bool(book.states or book.energy.readings) if isinstance(book, UnitTruth) else book.pace_unit != ""


def differences(told, row):
    pairs = {f"{name}_ms": getattr(told, name) for name in TIMES} | {name: getattr(told, name) for name in COUNTS}
    pairs |= {name: told.energy_wh for name in ("energy_wh",) if name in row}
    yield from ((name, row[name], true) for name, true in pairs.items() if (row[name] or 0) != true)
    if row["ideal_ms"] is not None and abs(row["ideal_ms"] - told.ideal) > 1e-6:
        yield "ideal_ms", row["ideal_ms"], told.ideal


def export(store):
    """Newest revision of everything that equal runs have equal, without the revision."""
    tables = {}
    for kind in ("metric", "score", "elements", "kpi", "state", "anomaly"):
        keys = ["equipment", "name", "window_s", "window_start"]
        tables[kind] = store.read(kind).drop("revision").sort(keys)
    tables["alerts"] = store.read_alerts().drop("revision").sort("id", "transition")
    return tables


def closed_in_both(a, b):
    """Rows of windows that both runs have; the same identities on either side."""
    keys = ["equipment", "name", "window_s", "window_start"]
    return a.join(b.select(keys), on=keys, how="semi"), b.join(a.select(keys), on=keys, how="semi")
