"""A stranger's view, from `interfaces.md` alone: he talks to ParkPulse by MQTT and `parkpulse query` only."""
