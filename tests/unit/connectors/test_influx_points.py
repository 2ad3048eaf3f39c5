"""Results as lines, against a plain encoder that takes one result at a time."""

from struct import pack

from hypothesis import given
from hypothesis import strategies as st

from connectors.influx.measurements import MEASUREMENTS, Measurement, window_name
from connectors.influx.points import points
from connectors.influx.sending import body
from connectors.influx.series import Heads
from pipeline.core.results import Result, ResultKind, Value
from tests.unit.codecs.test_influx_lines import plain

LEVELS = ("site", "line", "unit")
VALUES: dict[str, st.SearchStrategy[Value]] = {
    "count": st.none() | st.integers(0, 9),
    "mean": st.none() | st.floats(),
    "sd": st.floats() | st.integers(-(1 << 53), 1 << 53),
    "revision": st.just(7),  # no value may be called so
    "apt_ms": st.integers(0, 100_000),
    "pq": st.integers(0, 3) | st.floats(0, 1),
}


@st.composite
def results(draw: st.DrawFn, kind: ResultKind) -> list[Result]:
    """Of one kind; most have the same names."""
    usual = draw(st.lists(st.sampled_from(list(VALUES)), unique=True))
    names = st.just(usual) | st.lists(st.sampled_from(list(VALUES)), unique=True)
    one = st.builds(
        Result,
        st.just(kind),
        st.sampled_from(["s", "s/l 1/u", "s/l,1/u=2", "s/l/u/deeper"]),
        st.sampled_from(["kpis", "a b", "a,b", "đ"]),
        st.sampled_from([10, 900]),
        st.integers(0, 2).map(lambda k: 1_780_000_000_000 + k),
        st.sampled_from([None, "", "milk 1"]),
        st.integers(0, 1),
        names.flatmap(lambda own: st.fixed_dictionaries({name: VALUES[name] for name in own})),
        st.none() | st.just(1.0) | st.floats(0, 1),
        st.sampled_from([None, "kpis/1"]),
    )
    return draw(st.lists(one, min_size=1, max_size=6))


def plain_line(measurement: Measurement, r: Result) -> str | None:
    """A blank between the fields, for their order says nothing."""
    site, *rest = r.equipment.split("/", 2)
    line, unit = (*rest, "", "")[:2]
    tags = {"site": site, "line": line, "unit": unit, "level": "unit" if len(r.equipment.split("/")) >= 3 else "line"}
    name = "" if r.name == measurement.usual_name else r.name
    tags |= {measurement.tag: name, "window": window_name(r.window_s), "product": r.product or ""}
    fields: dict[str, Value] = {}
    for key, value in r.values.items():
        if key != "revision" and value is not None:
            is_time = measurement.in_seconds and key.endswith("_ms")
            number = value if measurement.types.get(key) == "integer" else float(value)
            fields[key.replace("_ms", "_s") if is_time else key] = float(value) / 1000 if is_time else number
    return plain(
        measurement.name,
        tags,
        fields | {"coverage": r.coverage, "formula": r.formula, "revision": r.revision},
        r.window_start,
    )


def said(line: str | None) -> tuple[str, dict[str, object], str] | None:
    """Series, fields (floats by their bits, whatever their spelling) and time; names and texts hold no comma here."""
    if line is None:
        return None
    begin, fields, time = line.rsplit(" ", 2)
    pairs = [pair.split("=") for pair in fields.split(",")]
    return begin, {key: pack("d", float(text)) if text[-1] not in 'i"' else text for key, text in pairs}, time


@given(st.sampled_from(["metric", "elements", "kpi"]).flatmap(results))
def test_lines_say_of_each_result_what_a_plain_encoder_says_of_it_alone(found: list[Result]) -> None:
    measurement = MEASUREMENTS[found[0].kind]
    made = points(measurement, found, Heads(measurement, LEVELS), {})
    assert made.slips == {}
    assert [said(line) for line in made.lines.to_list()] == [said(plain_line(measurement, r)) for r in found]


@given(results("metric"))
def test_a_body_is_the_lines_one_below_the_other(found: list[Result]) -> None:
    measurement = MEASUREMENTS["metric"]
    lines = points(measurement, found, Heads(measurement, LEVELS), {}).lines
    assert body(lines).decode() == "\n".join(lines.to_list())
