"""From samples to results: everything that would be true if no broker existed, plus the loop that drives it.

    cli         the command, one verb a file: reads argv, prints, exits
    bench       what `parkpulse bench` measures          view     the live screen: figures, drawing, words
    roles       wires gateway, worker, historian, notifier; the one module here that reaches the connectors
    config      the folder of TOML files, read once
    runtime     the shells: loop, clock, instruments, HTTP endpoint, logs
    steps       the pure step of each role
    kpis        KPI families            detectors  scores            alarms  alarm rules      (plugins only)
    core        values, time, panes, elements, life cycles, ports

Rule: a line imports from lines below it only (`simulators` stands between bench and roles, `connectors` between config
and runtime). From steps down nothing knows a clock, a socket, a file or a client library. Plugins know no sibling.
The import contracts in pyproject.toml say the same to the machine.
"""
