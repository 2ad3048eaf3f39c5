"""Before polars is there: its tables have a few rows here, and more threads would only wait for each other."""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")
