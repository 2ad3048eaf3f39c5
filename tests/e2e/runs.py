"""Runs of the demo for tests: in process, in a folder of their own, with the plant or with a lie on its wire."""

from simulators import summary
from simulators.demo import Demo
from simulators.lines.dairy_filling import DairyFilling
from simulators.plant import Plant
from tests.e2e.mutants import mutate

START_MS = 1_780_000_003_700
TICK_MS = 100
TIMES = ("pbt", "apt", "aust", "adet", "adot", "unclassified")


class LyingPlant:
    """A plant whose messages of a whole run have one lie in them; all else, the truth too, is the plant's."""

    def __init__(self, plant, mutant, seconds):
        self._plant = plant
        ticks = range(plant.start_ms, plant.start_ms + round(seconds * 1000), TICK_MS)
        tagged = [(t, message) for t in ticks for message in plant.messages(t, t + TICK_MS)]
        lied = mutate([message for _, message in tagged], mutant)
        self._by_tick = {}
        if len(lied) < len(tagged):
            gone = next(i for i, (_, m) in enumerate(tagged) if i >= len(lied) or lied[i] != m)
            del tagged[gone]
        for (t, _), message in zip(tagged, lied, strict=True):
            self._by_tick.setdefault(t, []).append(message)

    def messages(self, t0_ms, t1_ms):
        return [m for t in range(t0_ms, t1_ms, TICK_MS) for m in self._by_tick.get(t, [])]

    def __getattr__(self, name):
        return getattr(self._plant, name)


def run_demo(folder, *, seconds=60.0, speed=60.0, seed=1, mutant=None):
    """-> (summary, differing windows)."""

    def make(begin):
        plant = Plant([DairyFilling()], seed, begin)
        return LyingPlant(plant, mutant, seconds) if mutant else plant

    with Demo(folder, START_MS, make, speed, "en") as run:
        while run.drive.now_ms < run.start_ms + seconds * 1000:
            run.tick()
        run.finish()
        found = run.summary()
        differing = compare(run)
    return found, differing


def compare(run):
    """Windows of the line whose elements are not the truth's: (start, name, stored, true)."""
    ((path, truth),) = run.plant.truth.items()
    first = summary.first_window(run.store, path, ("packs_ok", "packs_rejected"), run.start_ms)
    table = summary.line_elements(run.store, path, first, run.drive.now_ms)
    windows = summary.windows_of(table)
    assert len(windows) >= (run.drive.now_ms - run.start_ms) // 10_000 - 2
    wrong = []
    for (start, _), told, row in zip(windows, truth.windows(windows), table.iter_rows(named=True), strict=True):
        pairs = {f"{name}_ms": getattr(told, name) for name in TIMES} | {"pq": told.pq, "gq": told.gq, "sq": told.sq}
        wrong += [(start, name, row[name], true) for name, true in pairs.items() if row[name] != true]
        if abs(row["ideal_ms"] - told.ideal) > 1e-6:
            wrong.append((start, "ideal_ms", row["ideal_ms"], told.ideal))
    return wrong


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
