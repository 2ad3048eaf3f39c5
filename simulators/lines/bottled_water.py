"""A line that bottles drinking water, 18 000 bottles of 500 mL an hour at best: blow-moulder, filler (the bottleneck),
labeller, packer.

The filler rinses, fills and caps in one block; the packer looks at level and cap in its infeed. Every count is of
bottles. Conveyors and inertia are cut short and rejects raised, so that a minute shows lack and tailback. Own batch
form. Metrics, limits and faults fit `simulators/config/lines/bottled-water.toml`: nothing but its faults comes near a
limit.
"""

from simulators.coupling import Machine
from simulators.faults import FaultKind
from simulators.forms.own_batch import OwnBatch
from simulators.serial_line import Measure, SerialLine, SerialUnit
from simulators.signals import Panel, Signal

BLOWER = SerialUnit(
    "blower",
    Machine(190, 0.01, ("hold", "suspend"), (14_000, 24_000), (45_000, 90_000), buffer=16),
    Panel(
        (
            Signal("preform_temp", 500, 23, 1.5, 0.25, 1),  # °C behind the oven
            Signal("lamp_power", 500, 51, 0.8, 0.4, 1),  # kW of the oven
            Signal("blow_p", 500, 79, 0.5, 0.12, 1),  # bar
            Signal("mould_temp", 1000, 107, 8.0, 0.1, 1),  # °C
            Signal("power", 1000, 135, 0.5, 0.8, 1),  # kW
        ),
        at_rest={"preform_temp": 104.0, "lamp_power": 58.0, "blow_p": 34.0, "mould_temp": 10.5, "power": 70.0},
        executing={"lamp_power": 92.0, "blow_p": 33.4, "mould_temp": 12.0, "power": 128.0},
    ),
    good="bottles_blown",
)
FILLER = SerialUnit(
    "filler",
    Machine(200, 0.05, ("hold", "changeover", "stop"), (7000, 13_000), (24_000, 50_000), buffer=24),
    Panel(
        (
            Signal("speed", 500, 163, 0.6, 40.0, 0),  # bottles/h
            Signal("fill_p", 500, 191, 0.6, 0.015, 3),  # bar in the product tank
            Signal("water_temp", 1000, 219, 20.0, 0.08, 1),  # °C
            Signal("conductivity", 500, 247, 1.0, 0.5, 1),  # µS/cm
            Signal("ozone", 500, 275, 3.0, 0.004, 3),  # mg/L dissolved
            Signal("capper_i", 500, 303, 0.4, 0.06),  # A of the capping heads
        ),
        at_rest={
            "speed": 0.0, "fill_p": 1.2, "water_temp": 22.0, "conductivity": 62.0, "ozone": 0.25, "capper_i": 0.8,
        },
        executing={"speed": 17_100.0, "fill_p": 1.15, "capper_i": 3.4},
    ),
    good="bottles_filled",
    measures=(Measure("cap_torque", 1.7, 0.05, 2),),  # N·m
)  # fmt: skip
LABELLER = SerialUnit(
    "labeller",
    Machine(180, 0.01, ("hold",), (16_000, 30_000), (50_000, 100_000), buffer=24),
    Panel(
        (
            Signal("glue_temp", 1000, 331, 10.0, 0.3, 1),  # °C
            Signal("web_tension", 500, 359, 0.6, 0.2, 1),  # N
            Signal("motor_i", 500, 387, 0.4, 0.05),  # A
        ),
        at_rest={"glue_temp": 152.0, "web_tension": 12.0, "motor_i": 1.1},
        executing={"web_tension": 16.0, "motor_i": 3.9},
    ),
    good="bottles_labelled",
)
PACKER = SerialUnit(
    "packer",
    Machine(170, 0.01, ("hold", "stop"), (18_000, 30_000), (50_000, 100_000)),
    Panel(
        (
            Signal("tunnel_temp", 1000, 415, 12.0, 0.6, 1),  # °C
            Signal("film_tension", 500, 443, 0.7, 0.3, 1),  # N
            Signal("air_p", 500, 471, 0.5, 0.02, 2),  # bar
        ),
        at_rest={"tunnel_temp": 178.0, "film_tension": 18.0, "air_p": 6.4},
        executing={"tunnel_temp": 174.0, "film_tension": 26.0, "air_p": 6.1},
    ),
    good="bottles_ok",
    reject="bottles_rejected",
    rejects=(30, 60),
)
LINE = SerialLine(
    path="becamex/park-01/lavie-style/water/bottling/line-1",
    machines=(BLOWER, FILLER, LABELLER, PACKER),
    pace_unit="filler",
    form=OwnBatch(),
    sturdy=frozenset({"lamp_power", "capper_i", "motor_i"}),  # no rule and no fault looks at them
    faults=(
        FaultKind("lamps-out", "blower", "preform_temp", "preform-cold", "offset", -14.0, 9000, 10_000),
        FaultKind("membrane-leak", "filler", "conductivity", "conductivity-high", "drift", 6.0, 20_000, 12_000),
        FaultKind("ozone-probe-dead", "filler", "ozone", "ozone-silent", "silent", 0.0, 32_000, 11_000),
    ),
)
