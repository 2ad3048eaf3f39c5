"""The benchmarks behind `parkpulse bench`: each checks its results before it prints a number."""
