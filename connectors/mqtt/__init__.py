"""MQTT in and out: a message is acknowledged only once what it said is durable in the log."""
