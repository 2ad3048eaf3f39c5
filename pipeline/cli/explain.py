"""`parkpulse explain [KIND]`: a sample of a configuration file or of one alarm rule; what a KPI is; legal words.

Rule: what is printed is made from the models and the plugins' own fields, and is valid as it stands.
"""

from dataclasses import fields, is_dataclass
from inspect import getmodule
from typing import Annotated

import typer

from pipeline.core.errors import ConfigError
from pipeline.core.spelling import unknown


def explain(
    kind: Annotated[
        str,
        typer.Argument(metavar="[KIND]", help="A file, an alarm rule, a KPI, or legal words; none: lists all."),
    ] = "",
    lang: Annotated[str, typer.Option(help="Language: vi or en.")] = "en",
) -> None:
    """Print a commented sample of a file or an alarm rule, what a KPI is, or legal words; without KIND the list."""
    if lang not in ("vi", "en"):
        raise ConfigError(f"--lang: unknown language {lang!r}; expected vi or en")
    typer.echo(explanation(kind, lang) if kind else every_kind(lang), nl=False)


def explanation(kind: str, language: str = "en") -> str:
    import pipeline.alarms
    from pipeline.config.sample import FILES, sample_alarm, sample_file
    from pipeline.core.discovery import known_kinds, plugin_class
    from pipeline.steps.kpis import known_kpis
    from pipeline.view.explain_words import KINDS_VI
    from pipeline.view.explained import kpi_text
    from pipeline.view.lists import LISTS, list_text
    from pipeline.view.words import Words

    words = Words(language)
    if kind in FILES:
        return sample_file(kind, words.key)
    if kind in LISTS:
        return list_text(kind, words)
    rules = known_kinds(pipeline.alarms)
    if kind not in rules:
        kpis = {kpi.id: kpi for kpi in known_kpis()}
        if kind in kpis:
            return kpi_text(kpis[kind], words)
        raise ConfigError(f"explain: {unknown('kind', kind, (*FILES, *rules, *LISTS, *kpis))}")
    rule = plugin_class(pipeline.alarms, kind)
    keys = [field.name.removesuffix("_ms") for field in fields(rule)] if is_dataclass(rule) else []
    sentence = words.of(_first_row(rule), f"Quy tắc `{kind}`: {KINDS_VI.get(kind, '')}")
    return sample_alarm(kind, keys, sentence, words.key)


def every_kind(language: str) -> str:
    """Each kind with one sentence."""
    import pipeline.alarms
    from pipeline.config.sample import FILES
    from pipeline.core.discovery import known_kinds, plugin_class
    from pipeline.steps.kpis import known_kpis
    from pipeline.view.explained import kinds_text, sentence
    from pipeline.view.lists import LISTS
    from pipeline.view.words import Words

    words = Words(language)

    rules = {kind: _first_row(plugin_class(pipeline.alarms, kind)) for kind in known_kinds(pipeline.alarms)}
    groups = {
        "files": {kind: (model.__doc__ or "").splitlines()[0] for kind, model in FILES.items()},
        "rules": {kind: row.removeprefix(f"Rule `{kind}`: ") for kind, row in rules.items()},
        "lists": {kind: words[kind].partition(": ")[2] for kind in LISTS},
        "kpis": {kpi.id: sentence(kpi, words) for kpi in known_kpis()},
    }
    return kinds_text(groups, words)


def _first_row(rule: type[object]) -> str:
    return (getattr(getmodule(rule), "__doc__", "") or "").splitlines()[0]
