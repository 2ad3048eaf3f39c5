"""The README says what the code declares: KPIs, rules, benchmarks, verbs. Renew: `python -m tests.unit.test_docs`."""

import re
from pathlib import Path

import pipeline.alarms
from pipeline.bench.catalogue import BENCHES
from pipeline.cli.app import VERBS
from pipeline.core.discovery import known_kinds
from pipeline.steps.kpis import known_kpis

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def kpi_table():
    rows = [f"| `{kpi.id}` | {kpi.name_en} | {kpi.name_vi} | {kpi.description} |" for kpi in known_kpis()]
    return "\n".join(["| KPI | name | tên | what it is |", "|---|---|---|---|", *rows])


def rule_table():
    rows = [f"| `{kind}` | `parkpulse explain {kind}` |" for kind in known_kinds(pipeline.alarms)]
    return "\n".join(["| alarm rule | its settings |", "|---|---|", *rows])


def bench_table():
    rows = [
        f"| `{name}` | {one.measures} | {one.baseline} | {', '.join(one.services)} |" for name, one in BENCHES.items()
    ]
    return "\n".join(["| bench | measures | baseline in the same run | needs |", "|---|---|---|---|", *rows])


TABLES = {"kpis": kpi_table, "rules": rule_table, "benches": bench_table}


def generated(text):
    for name, table in TABLES.items():
        block = f"<!-- {name} -->\n{table()}\n<!-- /{name} -->"
        text = re.sub(rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _, block=block: block, text, flags=re.S)
    return text


def test_the_tables_of_the_readme_are_what_the_code_declares():
    assert README.read_text("utf-8") == generated(README.read_text("utf-8"))


def test_every_verb_of_the_command_stands_in_the_readme():
    text = README.read_text("utf-8")
    missing = [verb.name for verb in VERBS if not re.search(rf"(parkpulse|make) {verb.name}\b|`{verb.name}`", text)]
    assert missing == ["demo"]  # it is `make run` there


def test_every_module_the_readme_names_is_there():
    for place in re.findall(r"`((?:pipeline|connectors|simulators|docs)/[\w./]+)`", README.read_text("utf-8")):
        assert (ROOT / place).exists(), place


if __name__ == "__main__":
    README.write_text(generated(README.read_text("utf-8")), "utf-8")
