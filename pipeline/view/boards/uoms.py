"""Units of measure as Grafana writes them; what it does not know stands behind the number as it is declared.

>>> grafana_unit("°C"), grafana_unit("pH")
('celsius', 'suffix: pH')
"""

KNOWN = {
    "°C": "celsius", "%": "percent", "kW": "kwatt", "W": "watt", "kWh": "kwatth", "Wh": "watth", "V": "volt",
    "A": "amp", "Hz": "hertz", "bar": "pressurebar", "mbar": "pressurembar", "kPa": "pressurekpa", "Pa": "pressurepa",
    "mm": "lengthmm", "m": "lengthm", "s": "s", "ms": "ms", "min": "m", "h": "h",
    "L": "litre", "m3": "m3", "m³": "m3", "kg": "masskg", "g": "massg", "rpm": "rotrpm",
}  # fmt: skip


def grafana_unit(uom: str) -> str:
    return KNOWN.get(uom, f"suffix: {uom}")
