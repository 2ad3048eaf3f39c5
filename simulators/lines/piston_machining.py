"""A line that machines hydraulic pistons: CNC turning, OD grinding (the bottleneck), washing and air gauge at 100 %.

Real cycles last 35-60 s; here they are cut to 2.3-2.6 s, buffers to 4 pistons, and rejects raised to one in ten, so
that a minute shows parts, lack and tailback. Own form with one metric a message. Metrics, limits and faults fit
`simulators/config/lines/piston-machining.toml`: nothing but its faults comes near a limit.
"""

from simulators.coupling import Machine
from simulators.faults import FaultKind
from simulators.forms.own_single import OwnSingle
from simulators.serial_line import Measure, SerialLine, SerialUnit
from simulators.signals import Panel, Signal

TURNING = SerialUnit(
    "turning",
    Machine(2400, 0.02, ("hold", "stop"), (14_000, 24_000), (40_000, 90_000), buffer=4),
    Panel(
        (
            Signal("spindle_speed", 500, 17, 0.6, 4.0, 0),  # rpm
            Signal("spindle_load", 500, 43, 0.4, 0.6, 1),  # %
            Signal("spindle_temp", 1000, 69, 20.0, 0.1, 1),  # °C
            Signal("spindle_vib", 1000, 95, 0.5, 0.02, 3),  # mm/s
            Signal("coolant_p", 500, 121, 1.0, 0.3, 1),  # bar
            Signal("coolant_flow", 1000, 147, 0.8, 0.2, 1),  # L/min
        ),
        at_rest={
            "spindle_speed": 0.0, "spindle_load": 4.0, "spindle_temp": 42.0, "spindle_vib": 0.08, "coolant_p": 41.0,
            "coolant_flow": 12.0,
        },
        executing={
            "spindle_speed": 3200.0, "spindle_load": 36.0, "spindle_temp": 46.0, "spindle_vib": 0.55,
            "coolant_flow": 31.0,
        },
    ),
    good="parts_turned",
)  # fmt: skip
GRINDER = SerialUnit(
    "grinder",
    Machine(2600, 0.06, ("hold", "changeover"), (8000, 13_000), (30_000, 60_000), buffer=4),
    Panel(
        (
            Signal("wheel_power", 500, 173, 0.5, 0.05),  # kW
            Signal("ae_rms", 500, 199, 0.3, 0.01, 3),  # V
            Signal("grinding_oil_temp", 1000, 225, 15.0, 0.1, 1),  # °C
            Signal("power", 1000, 251, 0.5, 0.1),  # kW
        ),
        at_rest={"wheel_power": 0.7, "ae_rms": 0.06, "grinding_oil_temp": 24.0, "power": 3.2},
        executing={"wheel_power": 4.1, "ae_rms": 0.62, "grinding_oil_temp": 26.0, "power": 9.5},
    ),
    good="parts_ground",
)
GAUGE = SerialUnit(
    "gauge",
    Machine(2300, 0.02, ("hold",), (18_000, 30_000), (60_000, 120_000)),
    Panel(
        (
            Signal("washer_temp", 1000, 277, 12.0, 0.2, 1),  # °C
            Signal("washer_conc", 1000, 303, 10.0, 0.02, 2),  # %
            Signal("air_p", 500, 329, 0.5, 0.01, 3),  # bar
        ),
        at_rest={"washer_temp": 60.0, "washer_conc": 3.0, "air_p": 5.9},
        executing={"air_p": 5.6},
    ),
    good="pistons_ok",
    reject="pistons_rejected",
    rejects=(6, 12),
    measures=(Measure("diameter", 0.1, 0.6, 2), Measure("roundness", 0.6, 0.08, 2)),  # µm off 20.000 mm; µm
)
LINE = SerialLine(
    path="becamex/park-01/takako-style/machining/pistons/line-1",
    machines=(TURNING, GRINDER, GAUGE),
    pace_unit="grinder",
    form=OwnSingle(),
    sturdy=frozenset({"spindle_load", "ae_rms", "air_p"}),  # no rule and no fault looks at them
    faults=(
        FaultKind("coolant-loss", "turning", "coolant_p", "coolant-low", "offset", -26.0, 14_000, 10_000),
        FaultKind("wheel-glazing", "grinder", "wheel_power", None, "drift", 0.08, 24_000, 12_000),
        FaultKind("washer-probe-dead", "gauge", "washer_temp", "washer-probe-silent", "silent", 0.0, 34_000, 11_000),
    ),
)
