"""Sample files made from the models: every key with its sentence, defaults commented out, required keys filled in.

Rule: a sample is never written by hand, so it cannot lag behind the models; it is valid as it is printed.
"""

from collections.abc import Callable, Collection, Iterator
from typing import get_args, get_origin

from pydantic import BaseModel

from pipeline.config.line_model import AlarmSection, LineFile, PackFile
from pipeline.config.model import ParkFile
from pipeline.config.section import Section

Said = Callable[[str], str]
FILES: dict[str, type[Section]] = {"line": LineFile, "pack": PackFile, "park": ParkFile}
EXAMPLE_NAMES = {"metrics": "h2o2_temp"}  # table of named tables -> a name to show
ALARM_EXAMPLES: dict[str, dict[str, object]] = {  # what makes a sample of the rule whole
    "limit": {"kind": "limit", "unit": "filler", "low": 70.0},
    "score": {"name": "h2o2-unusual", "kind": "score", "unit": "filler", "threshold": 6.0},
    "silence": {"name": "filler-silent", "kind": "silence", "unit": "filler", "after": "30s"},
}
ALARM_KEYS = ("name", "kind", "unit", "metric", "priority", "message_en", "message_vi", "advice_en", "advice_vi")


def sample_file(kind: str, said: Said = str) -> str:
    """The whole file: park, line or pack; `said` puts its sentences into another language."""
    model = FILES[kind]
    return "\n".join([f"## {said(model.__doc__ or '')}", *_section(model, "", said)]) + "\n"


def sample_alarm(kind: str, keys: Collection[str], sentence: str, said: Said = str) -> str:
    """One [[alarms]] entry; `keys` are those that decide in this rule."""
    filled = ALARM_EXAMPLES.get(kind, {"kind": kind})
    lines = [f"## {sentence}", "[[alarms]]", *_keys(AlarmSection, {*ALARM_KEYS, *keys}, filled, said)]
    return "\n".join(lines) + "\n"


def _section(model: type[BaseModel], prefix: str, said: Said) -> Iterator[str]:
    """Plain keys first, as TOML wants it, then the tables below."""
    filled = ALARM_EXAMPLES["limit"] if model is AlarmSection else {}
    yield from _keys(model, model.model_fields.keys(), filled, said)
    for name, field in model.model_fields.items():
        below = _model_in(field.annotation)
        if below is None:
            continue
        path = f"{prefix}{field.alias or name}"
        if get_origin(field.annotation) is dict:
            path += f".{EXAMPLE_NAMES[name]}"
        yield from ("", f"## {said(field.description or '')}")
        yield f"[[{path}]]" if get_origin(field.annotation) is tuple else f"[{path}]"
        yield from _section(below, f"{path}.", said)


def _keys(model: type[BaseModel], wanted: Collection[str], filled: dict[str, object], said: Said) -> Iterator[str]:
    defaults = model.model_construct().model_dump(mode="json")
    for name, field in model.model_fields.items():
        if name not in wanted or _model_in(field.annotation) is not None:
            continue
        key = field.alias or name
        yield f"## {said(field.description or '')}"
        example = field.examples[0] if field.examples else ""
        if name in filled or field.is_required():
            yield f"{key} = {toml_value(filled.get(name, example))}"
        elif defaults[name] is None:
            yield f"# {key} = {toml_value(example)}  # {said('no default')}"
        else:
            yield f"# {key} = {toml_value(defaults[name])}"


def toml_value(value: object) -> str:
    """A value on one line of TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{toml_value(key)} = {toml_value(below)}" for key, below in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)
