"""Frames whose bytes were changed, most with a CRC that holds: none stops a worker, the unreadable are kept once."""

import random
import struct
import zlib

import pytest

from pipeline.core.frames import FrameError, decode
from tests.unit.roles.test_poison import Plant, drained, records
from tests.unit.roles.test_worker_groups import published


def mutated(value, dice):
    """A few bytes of it changed, cut off or added; mostly with a CRC that holds."""
    body = bytearray(value)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(body))
        body[at] = dice.choice([0, 0xFF, 0x7F, 0x80, dice.randrange(256)])
    if dice.random() < 0.15:
        body = body[: dice.randrange(len(body))] + bytes(dice.randrange(9))
    if dice.random() < 0.8 and len(body) >= 64:
        body[20:24] = bytes(4)
        body[20:24] = struct.pack("<I", zlib.crc32(body))
    return bytes(body)


@pytest.mark.parametrize("seed", range(6))
def test_row_28_three_thousand_mutated_frames_stop_no_partition(seed):
    dice, (some, _) = random.Random(seed), records(seed, 0)
    bad = [(line, mutated(value, dice), at) for line, value, at in some for _ in range(2)][:500]
    made = [one for k, own in enumerate(some) for one in (own, *bad[2 * k : 2 * k + 2])]
    plant = Plant(made)
    worker = plant.worker()
    drained(plant, worker)
    assert worker.held[0].position == worker.reader.end_offset(0)
    places = [int(dict(record.headers)["offset"]) for record in plant.log.topics["rejects.v1"][0]
              if dict(record.headers)["reason"] == b"poison"]  # fmt: skip
    assert len(set(places)) == len(places)
    records_ = plant.log.topics["samples.v1"][0]
    unreadable = {record.offset for record in records_ if isinstance(_read(record.value), FrameError)}
    assert unreadable <= set(places)
    kept = {record.value for record in plant.log.topics["rejects.v1"][0]}
    assert {records_[k].value for k in places} <= kept
    assert published(plant.log)[0]


def _read(value):
    try:
        return decode(value)
    except FrameError as error:
        return error
