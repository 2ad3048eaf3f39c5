"""A line that bakes and wraps cakes, one a pack: tunnel oven, cooling belt of 20 places, wrapper, checkweigher.

One of the three lanes of such a line, 400 pieces a minute at best, with the belt and the oven's inertia cut short so
that a minute shows lack and tailback. UMH form. Metrics, limits and faults fit
`simulators/config/lines/confectionery.toml`: nothing but its faults comes near a limit.
"""

from simulators.coupling import Machine
from simulators.faults import FaultKind
from simulators.forms.umh import Umh
from simulators.serial_line import Measure, SerialLine, SerialUnit
from simulators.signals import Panel, Signal

OVEN = SerialUnit(
    "oven",
    Machine(150, 0.03, ("hold", "changeover"), (8000, 14_000), (25_000, 55_000), buffer=20),
    Panel(
        (
            Signal("zone.z1_temp", 1000, 111, 3.0, 0.3, 1),  # °C, five zones of the oven
            Signal("zone.z2_temp", 1000, 137, 3.0, 0.3, 1),
            Signal("zone.z3_temp", 500, 163, 2.0, 0.3, 1),
            Signal("zone.z4_temp", 1000, 189, 3.0, 0.3, 1),
            Signal("zone.z5_temp", 1000, 215, 3.0, 0.3, 1),
            Signal("belt_speed", 500, 241, 0.8, 0.02),  # m/min
            Signal("gas_flow", 500, 267, 1.5, 0.6, 1),  # Nm³/h
            Signal("exhaust_temp", 1000, 293, 6.0, 0.4, 1),  # °C
            Signal("exhaust_humidity", 1000, 319, 4.0, 0.15, 1),  # %
        ),
        at_rest={
            "zone.z1_temp": 180.0, "zone.z2_temp": 200.0, "zone.z3_temp": 214.0, "zone.z4_temp": 207.0,
            "zone.z5_temp": 181.0, "belt_speed": 3.0, "gas_flow": 72.0, "exhaust_temp": 205.0, "exhaust_humidity": 14.0,
        },
        executing={"belt_speed": 10.2, "gas_flow": 108.0, "exhaust_temp": 212.0, "exhaust_humidity": 17.0},
    ),
    good="pieces_baked",
)  # fmt: skip
WRAPPER = SerialUnit(
    "wrapper",
    Machine(135, 0.02, ("hold", "stop"), (8000, 15_000), (20_000, 45_000)),
    Panel(
        (
            Signal("ppm", 500, 29, 0.6, 1.5, 0),  # packs/min
            Signal("jaw_temp", 500, 55, 4.0, 0.25, 1),  # °C
            Signal("film_tension", 500, 81, 0.7, 0.3, 1),  # N
            Signal("md_signal", 500, 407, 1.0, 1.2, 1),  # mV of the metal detector
            Signal("motor_i", 500, 433, 0.5, 0.1),  # A
        ),
        at_rest={"ppm": 0.0, "jaw_temp": 145.0, "film_tension": 24.0, "md_signal": 95.0, "motor_i": 1.8},
        executing={"ppm": 425.0, "film_tension": 31.0, "md_signal": 118.0, "motor_i": 6.4},
    ),
    good="packs_ok",
    reject="packs_rejected",
    rejects=(40, 70),
    measures=(Measure("checkweigher_net", 39.4, 0.3, 1),),
)
LINE = SerialLine(
    path="becamex/park-01/orion-style/confectionery/baking/line-1",
    machines=(OVEN, WRAPPER),
    pace_unit="oven",
    form=Umh(),
    sturdy=frozenset({"gas_flow", "motor_i"}),  # no rule and no fault looks at them
    faults=(
        FaultKind("burner-out", "oven", "zone.z3_temp", "zone3-cold", "offset", -30.0, 8000, 10_000),
        FaultKind("thermocouple-drift", "oven", "zone.z2_temp", None, "drift", 0.6, 20_000, 12_000),
        FaultKind("tension-cell-dead", "wrapper", "film_tension", "film-tension-silent", "silent", 0.0, 31_000, 11_000),
    ),
)
