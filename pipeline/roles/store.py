"""Which store the configuration names, for those who write it and those who look.

Rule: to look at a store makes nothing; one that is not there yet is `Unavailable`.
"""

from typing import TYPE_CHECKING

from connectors.influx.settings import InfluxSettings
from connectors.local_store import LocalStore
from pipeline.config.read import Config
from pipeline.config.store_section import StoreSection
from pipeline.core.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    from connectors.influx.store import InfluxStore


def open_store(config: Config) -> "InfluxStore | LocalStore":
    if config.store.kind == "influxdb":
        return _influx(config)
    return LocalStore(config.data_dir / "store.sqlite")


def look_at_store(config: Config) -> "InfluxStore | LocalStore":
    path = config.data_dir / "store.sqlite"
    if config.store.kind == "local" and not path.exists():
        raise Unavailable(f"{path}: no results yet; run the pipeline with this configuration first")
    return open_store(config)


def _influx(config: Config) -> "InfluxStore":
    """The client library is an extra, and loaded only where it is used."""
    try:
        from connectors.influx.store import InfluxStore
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"park.toml: store.kind: 'influxdb' needs the package {error.name}; run pip install 'parkpulse[influx]'"
        ) from error
    return InfluxStore(influx_settings(config.store), config.levels)


def influx_settings(store: StoreSection) -> InfluxSettings:
    database, policy = store.database, store.retention_policy
    if store.api == "v2":
        database, _, policy = store.bucket.partition("/")
    return InfluxSettings(
        store.url,
        database,
        policy,
        store.api,
        store.org,
        store.username,
        store.secret(),
        store.ca,
        store.cert,
        store.key,
    )
