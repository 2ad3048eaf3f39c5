"""The configuration: a folder of TOML files, checked whole, resolved once (`read.read_config`)."""
