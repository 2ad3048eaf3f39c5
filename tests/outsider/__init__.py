"""What a stranger sees: written from `interfaces.md` alone, it talks to ParkPulse by MQTT and `parkpulse query` only."""
