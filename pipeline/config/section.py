"""What every part of the configuration files shares: strict, frozen, no unknown keys; names that are checked.

Rule: every key has a type, a default (or is required) and one sentence of description.
"""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from pipeline.core.equipment import name_slip, path_slip


class Section(BaseModel):
    """One table of a file. Strict: a text is never read as a number, nor a number as a text."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


def checked_name(name: str) -> str:
    if slip := name_slip(name):
        raise ValueError(f"{name!r} {slip}; choose another name")
    return name


def _checked_path(path: str) -> str:
    if slip := path_slip(path):
        raise ValueError(f"{slip}; got {path!r}; correct that level")
    return path


Name = Annotated[str, AfterValidator(checked_name)]
EquipmentPath = Annotated[str, AfterValidator(_checked_path)]
