"""The benchmark of the codecs, in small: a figure is given only where every sample came out as it was written."""

from dataclasses import replace

import pytest

from pipeline.bench.decode import CASES, measure
from pipeline.bench.loads import Mismatch
from pipeline.bench.payloads import FORMATS, Format, Wire, make_wire

SHORT = {"samples": 2_000, "series": 100}


def small(form: Format, size: int) -> Wire:
    return make_wire(form, size, **SHORT)


@pytest.mark.parametrize("form, size", CASES, ids=lambda part: getattr(part, "name", str(part)))
def test_each_format_gives_a_row_beside_its_baseline(form: Format, size: int) -> None:
    wire = small(form, size)
    own, plain = measure(form, wire, size, 1, lambda _: None)
    assert len(wire.t) == 2_000
    assert len(set(wire.series.tolist())) == 100
    assert own.case == f"{form.name}, {size} a payload"
    assert plain.case == f"{own.case}: {own.baseline}"


def test_a_sample_that_changed_its_value_time_or_series_is_found() -> None:
    wire = small(FORMATS[1], 20)
    for column in (wire.v, wire.t, wire.series):
        column[7] += 1
        with pytest.raises(Mismatch):
            list(measure(FORMATS[1], wire, 20, 1, lambda _: None))
        column[7] -= 1


def test_a_payload_that_is_lost_or_not_read_is_found() -> None:
    wire = small(FORMATS[1], 20)
    bad = [wire.payloads[0]._replace(body=b"[{"), *wire.payloads[1:]]
    for payloads in (wire.payloads[1:], bad):
        with pytest.raises(Mismatch):
            list(measure(FORMATS[1], replace(wire, payloads=payloads), 20, 1, lambda _: None))
