"""Forms of publishing: our own gateway reads out of each what was put in, and out of what is spoilt exactly nothing."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulators.forms
from connectors.codecs.edge import decode
from connectors.codecs.patterns import Pattern
from connectors.codecs.topics import Grammar
from pipeline.core.samples import Payload
from simulators.forms.own_batch import OwnBatch
from simulators.forms.own_single import OwnSingle
from simulators.forms.telegraf import Telegraf
from simulators.forms.umh import Umh
from simulators.payloads import Form, Message, Sample, Sending
from tests.wire import rows_of

PATH = "site/line-1"
FORMS: tuple[Form, ...] = (OwnBatch(), OwnSingle(), Umh(), Telegraf())
GRAMMAR = Grammar(("site", "line", "unit"), patterns=(Pattern("telegraf/+", "telegraf"),))
T0 = 1_780_000_000_123

each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: type(form).__name__)
samples = st.builds(
    Sample,
    unit=st.sampled_from(["oven", "wrapper"]),
    metric=st.sampled_from(["state", "mode", "jaw_temp", "zone.z1_temp", "zone.z2_temp", "energy.kwh"]),
    t_ms=st.integers(T0, T0 + 3),
    value=st.floats(-1e6, 1e6).map(lambda value: round(value, 3)) | st.integers(0, 1 << 40) | st.just("held"),
)


def read(messages: list[Message]) -> tuple[set[tuple[str, str, int, object]], list[int]]:
    """What the gateway's codecs find: (unit, metric, t, value), and how many samples each reject counts."""
    payloads = [Payload(message.topic, message.body, T0, False) for message in messages]
    found, rejects = decode(payloads, GRAMMAR, 1 << 20)
    rows = set()
    for name, t, v, text in zip(found.name, found.t, found.v, found.text, strict=True):
        series = found.names[name]
        assert series.line == PATH
        rows.add((series.unit, series.metric, int(t), found.texts[text] if text >= 0 else float(v)))
    return rows, [reject.samples for reject in rejects]


def test_every_form_is_tried_here() -> None:
    files = {path.stem for path in Path(simulators.forms.__path__[0]).glob("[a-z]*.py")}
    assert files == {type(form).__module__.rpartition(".")[2] for form in FORMS}


@each_form
@settings(max_examples=50)
@given(sent=st.lists(samples, max_size=12))
def test_a_reader_finds_every_sample_once_for_each_time_it_was_sent(form: Form, sent: list[Sample]) -> None:
    messages = form.encode(PATH, [Sending(0, sample) for sample in sent])
    rows, rejects = read(messages)
    assert rejects == []
    assert rows == {(s.unit, s.metric, s.t_ms, s.value if isinstance(s.value, str) else float(s.value)) for s in sent}
    assert sum(len(rows_of(message[:2])) for message in messages) == len(sent)
    assert sum(len(message.fates) for message in messages) == len(sent)


@each_form
def test_each_fate_goes_with_its_own_sample(form: Form) -> None:
    fates = ("stored", "duplicate", "corrected", "stored")
    metrics = ("state", "jaw_temp", "jaw_temp", "zone.z1_temp")
    sent = [Sending(0, Sample("oven", metric, T0, 1.5), fate) for metric, fate in zip(metrics, fates, strict=True)]
    told = sorted(fate for message in form.encode(PATH, sent) for fate in message.fates)
    assert told == sorted(fates)


@each_form
@pytest.mark.parametrize("seed", range(40))
def test_an_unreadable_payload_is_one_reject_and_no_sample(form: Form, seed: int) -> None:
    spoilt = form.spoil(PATH, Sample("oven", "jaw_temp", T0, 145.25), np.random.default_rng(seed))
    assert read([spoilt]) == (set(), [1])
    assert rows_of(spoilt[:2]) == []
    assert spoilt.fates == ("rejected",)


@each_form
def test_nothing_to_send_is_no_message(form: Form) -> None:
    assert form.encode(PATH, []) == []
