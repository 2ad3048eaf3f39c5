"""A line that fills milk into cartons, 24 000 packs an hour at best: one unit, the filler. Own batch form.

Metrics, limits and faults fit `simulators/config/lines/dairy-filling.toml`: nothing but its faults comes near a limit.
"""

from simulators.coupling import Machine
from simulators.faults import FaultKind
from simulators.forms.own_batch import OwnBatch
from simulators.serial_line import Measure, SerialLine, SerialUnit
from simulators.signals import Panel, Signal

PANEL = Panel(
    (
        Signal("speed", 100, 7, 0.6, 60.0, 0),  # packs/h
        Signal("motor_i", 100, 19, 0.4, 0.15),  # A
        Signal("power", 100, 31, 0.5, 0.2),  # kW
        Signal("overpressure", 100, 43, 0.7, 0.5),  # mbar
        Signal("sterile_air_temp", 100, 57, 20.0, 0.4),  # °C
        Signal("h2o2_temp", 100, 71, 8.0, 0.12),  # °C
        Signal("h2o2_conc", 200, 83, 4.0, 0.04, 3),  # %
    ),
    at_rest={
        "speed": 0.0, "motor_i": 4.0, "power": 9.0, "overpressure": 30.0, "sterile_air_temp": 280.0,
        "h2o2_temp": 74.0, "h2o2_conc": 35.5,
    },
    executing={"speed": 22_800.0, "motor_i": 14.0, "power": 31.0},
)  # fmt: skip
FILLER = SerialUnit(
    "filler",
    Machine(150, 0.05, ("hold", "suspend", "changeover", "stop"), (3000, 7000), (15_000, 36_000)),
    PANEL,
    good="packs_ok",
    reject="packs_rejected",
    rejects=(35, 65),
    measures=(Measure("pack_weight", 206.0, 0.6, 1),),
)
LINE = SerialLine(
    path="becamex/park-01/vinamilk-style/dairy/filling/line-1",
    machines=(FILLER,),
    pace_unit="filler",
    form=OwnBatch(),
    sturdy=frozenset({"motor_i", "power"}),  # no rule and no fault looks at them
    faults=(
        FaultKind("overpressure-loss", "filler", "overpressure", "overpressure-low", "offset", -22.0, 11_000, 9000),
        FaultKind("peroxide-loss", "filler", "h2o2_conc", None, "drift", -0.08, 22_000, 14_000),
        FaultKind("air-probe-dead", "filler", "sterile_air_temp", "air-probe-silent", "silent", 0.0, 28_000, 12_000),
    ),
)
