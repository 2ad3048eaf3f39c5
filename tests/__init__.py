"""The tests, by tier: unit, contract, integration, e2e, outsider, crash. `python -m tests.run` runs them all."""
