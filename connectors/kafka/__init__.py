"""The log on Apache Kafka: the same promises as the embedded log, for more than one machine."""
