"""A worker on the log in a folder, until it has read all: `python worker.py FOLDER`."""

import sys
from pathlib import Path

from connectors.sqlite_log import SqliteLog
from pipeline.roles.worker import Worker
from pipeline.runtime.clock import WallClock
from pipeline.runtime.instruments import Instruments

worker = Worker(SqliteLog(Path(sys.argv[1]), WallClock()), Instruments())
while worker.turn(0.0) or not worker.held or worker.held[0].position < worker.reader.end_offset(0):
    pass
worker.close()
