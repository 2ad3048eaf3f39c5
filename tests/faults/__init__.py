"""The fault rows: what is done to ParkPulse, which test does it, what was measured, and the report of it."""
