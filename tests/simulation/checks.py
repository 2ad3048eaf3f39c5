"""What must hold after every run: nothing lost, all accounted for, results as defined, one incident one alert."""

import json
from collections import defaultdict
from math import isclose

import msgspec

from tests.simulation.definitions import elements, incidents, statistics
from tests.simulation.definitions.frames import parse
from tests.simulation.definitions.line import FATES, NAMELESS, Line

STATISTICS = ("count", "mean", "min", "max", "last", "sd")
EXACT = ("count", "min", "max", "last")
WINDOWS = (10, 60)
SETTLED = ("stored", "duplicate", "conflict", "expired", "rejected", "waiting")
NO_LINE = "_unassigned"


class Broken(AssertionError):
    """A promise that does not hold, and where."""


def check(world):
    """Raises Broken with what is wrong first."""
    log = {topic: [r for held in partitions for r in held] for topic, partitions in world.log.topics.items()}
    frames = nothing_is_lost(world, log)
    results = each_revision_has_one_content(log["results.v1"])
    the_store_holds_the_newest(world, results)
    lines = recomputed(frames, log)
    put_aside_is_what_should_be(log, lines)
    the_ledger_closes(results, lines)
    by_kind = defaultdict(dict)
    for (kind, *identity), (_, result) in newest(results).items():
        by_kind[kind][tuple(identity)] = result
    for line in lines.values():
        statistics_are_as_defined(line, by_kind["metric"])
        elements_are_as_defined(line, by_kind["elements"], by_kind["kpi"])
    nothing_else_is_told(by_kind, lines)
    one_incident_is_one_alert(world, log["alerts.v1"], lines)


def claim(holds, *what):
    if not holds:
        raise Broken(" ".join(map(str, what)))


def nothing_is_lost(world, log):
    """What the broker was told is safe is in the log, or was rejected; and the log has nothing that nobody sent."""
    frames = [(record, parse(record.value)) for record in log["samples.v1"]]
    held, timeless = set(), set()
    for record, frame in frames:
        line = record.key.decode()
        for row in frame.rows:
            path = f"{line}/{row.unit}"
            if row.flags & NAMELESS:
                timeless.add((path, row.metric, row.value, row.quality))
            else:
                held.add((path, row.metric, row.t, row.value, row.quality))
    rejected = {(record.key.decode(), record.value) for record in log["rejects.v1"]}
    sent = set()
    for number, samples in world.sent.items():
        is_safe = number in world.broker.acknowledged
        claim(is_safe, "never acknowledged: message", number, *world.broker.messages[number])
        if samples is None:
            claim(world.broker.messages[number] in rejected, "lost: garbage", number, *world.broker.messages[number])
            continue
        sent.update(samples)
        for sample in samples:
            claim(sample in held or _timeless(sample) in timeless, "lost: acknowledged sample", sample)
    claim(held <= sent, "nobody sent:", sorted(held - sent, key=str)[:3])
    claim(timeless <= set(map(_timeless, sent)), "nobody sent:", sorted(timeless, key=str)[:3])
    return frames


def _timeless(sample):
    path, metric, _, *rest = sample
    return (path, metric, *rest)


def each_revision_has_one_content(records):
    """{identity: {revision: result}}"""
    found = defaultdict(dict)
    for record in records:
        for result in msgspec.json.decode(record.value):
            identity = tuple(result[name] for name in ("kind", "equipment", "name", "window_s", "window_start"))
            said = found[identity].setdefault(result["revision"], result)
            claim(said == result, "two contents of one revision:", said, result)
    return found


def newest(results):
    return {identity: max(revisions.items(), key=lambda item: item[0]) for identity, revisions in results.items()}


def the_store_holds_the_newest(world, results):
    stored = {identity[:5]: result for identity, result in world.store._results.items()}
    wanted = {identity: told for identity, (_, told) in newest(results).items() if identity[0] != "progress"}
    claim(stored.keys() == wanted.keys(), "not stored, or never told:", sorted(stored.keys() ^ wanted.keys())[:3])
    for identity, told in wanted.items():
        held = stored[identity]
        same = (held.revision, held.values, held.coverage) == (told["revision"], told["values"], told["coverage"])
        claim(same, "stored", identity, held, "but told", told)


def recomputed(frames, log):
    aside = defaultdict(set)
    for record in log["late.v1"]:
        headers = dict(record.headers)
        offset = int(headers["offset"])
        aside[record.key.decode()] |= {(offset, row) for row in parse(record.value).rows}
    records = defaultdict(list)
    for record, frame in frames:
        records[record.key.decode()].append((record.offset, record.append_ms, frame))
    return {
        path: Line(path, sorted(own, key=_offset), aside[path])
        for path, own in sorted(records.items())
        if path != NO_LINE
    }


def _offset(record):
    return record[0]


def put_aside_is_what_should_be(log, lines):
    late, wrong = set(), set()
    for record in (*log["late.v1"], *log["rejects.v1"]):
        headers = dict(record.headers)
        if headers["reason"] in (b"late", b"clock"):
            target = late if headers["reason"] == b"late" else wrong
            places = ((record.key.decode(), int(headers["offset"]), row) for row in parse(record.value).rows)
            target.update(places)
    found_wrong = {(path, *place) for path, line in lines.items() for place in line.wrong}
    found_late = {(path, *place) for path, line in lines.items() for place in line.late}
    claim(wrong == found_wrong, "wrong clocks:", sorted(wrong ^ found_wrong, key=str)[:3])
    claim(late <= found_late, "put aside, and not late:", sorted(late - found_late, key=str)[:3])


def the_ledger_closes(results, lines):
    told = {}
    for (kind, equipment, name, _, start), revisions in results.items():
        if kind == "ledger":
            for result in revisions.values():
                values = result["values"]
                claim(values["received"] == sum(values[fate] for fate in SETTLED), "does not close:", result)
                claim(min(values.values()) >= 0, "a negative count:", result)
            told[equipment, name, start] = revisions[max(revisions)]["values"]
    for path, line in lines.items():
        own = {key[1:]: values for key, values in told.items() if key[0] == path}
        for key, book in line.ledger.items():
            wanted = {fate: book[fate] for fate in FATES}
            claim(key in own or not any(wanted.values()), "no ledger of", path, key)
            claim(own.get(key, wanted) == wanted, "ledger of", path, key, own.get(key), "but should be", wanted)
        claim(own.keys() <= line.ledger.keys(), "a ledger of nobody:", path, own.keys() - line.ledger.keys())


def statistics_are_as_defined(line, told):
    for seconds in WINDOWS:
        for (equipment, metric, width, start), values in statistics.windows(line, seconds).items():
            result = told.pop((equipment, metric, width, start), None)
            claim(result is not None, "never told:", equipment, metric, width, start, values)
            found, wanted = result["values"], dict(zip(STATISTICS, values, strict=False))
            for name in STATISTICS:
                claim(_same(found[name], wanted[name], name in EXACT), name, "should be", wanted, "but told", result)
            claim(_same(result["coverage"], values[-1], False), "coverage should be", values[-1], "but told", result)


def _same(found, wanted, exact):
    if found is None or wanted is None or exact:
        return found == wanted
    return isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


def elements_are_as_defined(line, told, kpis):
    for seconds in WINDOWS:
        for (equipment, width, start), values in elements.windows(line, seconds).items():
            key = (equipment, "elements", width, start)
            result, kpi = told.pop(key, None), kpis.pop((equipment, "kpis", width, start), None)
            if result is None:
                claim(not elements.tells(values), "never told:", key, values)
                continue
            claim(result["values"] == values, "elements should be", values, "but told", result)
            claim(_same(kpi["values"]["oee"], elements.oee(values), False), "OEE of", values, "but told", kpi)


def nothing_else_is_told(by_kind, lines):
    for kind in ("metric", "elements", "kpi"):
        claim(not by_kind[kind], "told, and not defined:", list(by_kind[kind].values())[:2])


def one_incident_is_one_alert(world, records, lines):
    told = defaultdict(dict)
    for record in records:
        alert = json.loads(record.value)
        said = told[alert["equipment"], alert["alarm"]].setdefault((alert["id"], alert["transition"]), alert)
        claim(said == alert, "two contents of one transition:", said, alert)
    for line in lines.values():
        for key, pairs in incidents.incidents(line).items():
            found = defaultdict(dict)
            for (name, transition), alert in told.pop(key, {}).items():
                found[name][transition] = (alert["state"], alert["event_time_ms"])
            wanted = [_transitions(*pair) for pair in pairs]
            claim(sorted(found.values(), key=_raised) == wanted, key, "should be", wanted, "but told", dict(found))
    claim(not told, "alerts of no incident:", dict(told))
    _people_hear_all(world, records)
    what_stands_is_the_newest(world, records)
    stored = set(world.store._alerts)
    wanted = {(alert["id"], alert["transition"]) for alert in map(json.loads, (r.value for r in records))}
    claim(stored == wanted, "alerts not stored, or never told:", stored ^ wanted)


def _transitions(raised, cleared):
    return {0: ("unack", raised)} | ({} if cleared is None else {1: ("norm", cleared)})


def _raised(incident):
    return incident[0][1]


def what_stands_is_the_newest(world, records):
    """The retained state of each alarm: its newest incident while that is open, else nothing."""
    standing = {topic: body for topic, body, is_kept in world.broker.heard if is_kept and "chain-lost" not in topic}
    newest, seen = {}, set()
    for alert in map(json.loads, (record.value for record in records)):
        if (alert["id"], alert["transition"]) not in seen:
            seen.add((alert["id"], alert["transition"]))
            newest[f"parkpulse/v1/alarm-state/{alert['equipment']}/{alert['alarm']}"] = alert
    for topic, alert in newest.items():
        raised, state = alert["raised_ms"], alert["state"]
        told = json.loads(standing[topic]) if standing[topic] else {"state": "norm"}
        same = told["state"] == state and told.get("raised_ms", raised) == raised
        claim(same, "what stands of", topic, "should be", raised, state, "but is", told)


def _people_hear_all(world, records):
    heard = [json.loads(body) for topic, body, _ in world.broker.heard if topic.startswith("parkpulse/v1/alerts/")]
    heard = {(alert["id"], alert["transition"]) for alert in heard if alert["alarm"] != "chain-lost"}
    told = {(alert["id"], alert["transition"]) for alert in map(json.loads, (record.value for record in records))}
    claim(heard == told, "alerts that people never heard, or nobody told:", heard ^ told)
