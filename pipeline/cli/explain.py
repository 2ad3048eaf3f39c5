"""`parkpulse explain KIND`: a commented sample of a configuration file, or of one alarm rule; what a KPI is.

Rule: what is printed is made from the models and the plugins' own fields, and is valid as it stands.
"""

from dataclasses import fields, is_dataclass
from importlib import import_module
from inspect import getmodule
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.core.errors import ConfigError
from pipeline.core.spelling import unknown

if TYPE_CHECKING:
    from pipeline.core.kpi import Kpi


def explain(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="park, line, pack, an alarm rule, or a KPI.")],
) -> None:
    """Print a commented sample of a configuration file or an alarm rule, or the descriptor of a KPI."""
    typer.echo(explanation(kind), nl=False)


def explanation(kind: str) -> str:
    import pipeline.alarms
    from pipeline.config.sample import FILES, sample_alarm, sample_file
    from pipeline.plugins import known_kinds, plugin_class

    if kind in FILES:
        return sample_file(kind)
    rules = known_kinds(pipeline.alarms)
    if kind not in rules:
        kpis = _kpis()
        if kind in kpis:
            return kpis[kind]
        raise ConfigError(f"explain: {unknown('kind', kind, (*FILES, *rules, *kpis))}")
    rule = plugin_class(pipeline.alarms, kind)
    keys = [field.name.removesuffix("_ms") for field in fields(rule)] if is_dataclass(rule) else []
    sentence = (getattr(getmodule(rule), "__doc__", "") or "").splitlines()[0]
    return sample_alarm(kind, keys, sentence)


def _kpis() -> dict[str, str]:
    """Id -> descriptor of every KPI in the plugin folder."""
    import pipeline.kpis
    from pipeline.core.kpi import Kpi
    from pipeline.plugins import known_kinds

    families = [import_module(f"pipeline.kpis.{family}") for family in known_kinds(pipeline.kpis)]
    kpis = [one for family in families for one in vars(family).values() if isinstance(one, Kpi)]
    return {kpi.id: _descriptor(kpi) for kpi in kpis}


def _descriptor(kpi: "Kpi") -> str:
    low, high = ("open" if end is None else f"{end:g}" for end in kpi.range)
    rows = {
        "name": f"{kpi.name_en} / {kpi.name_vi}",
        "formula": kpi.description,
        "elements": ", ".join(sorted(kpi.needs)),
        "unit": kpi.unit,
        "range": f"{low} to {high}",
        "better": kpi.better,
        "version": str(kpi.version),
    }
    return "".join(f"{key:9} {text}\n" for key, text in {"kpi": kpi.id, **rows}.items())
