"""The bundled lines: every file of `simulators/lines`, by name; a new file is found without another line anywhere."""

import simulators.lines
from pipeline.core.discovery import plugin_files
from simulators.plant import Line


def bundled_lines() -> list[Line]:
    """The `LINE` of each file, in the order of the files' names."""
    lines: list[Line] = [module.LINE for _, module in plugin_files(simulators.lines)]
    return lines
