"""What a valid configuration folder becomes."""

from pathlib import Path

import pytest

from pipeline.config.read import Config, read_config
from pipeline.core.errors import ConfigError

LITE = Path(__file__).parents[3] / "deploy" / "config" / "lite"
PARK = 'levels = ["site", "line", "unit"]\n'
LINE = 'path = "dairy/line-1"\n'


def read(folder: Path, park: str = PARK, line: str = LINE) -> Config:
    (folder / "lines").mkdir()
    (folder / "park.toml").write_text(park, "utf-8")
    (folder / "lines" / "one.toml").write_text(line, "utf-8")
    return read_config(folder)


def test_the_example_of_the_repository_is_valid() -> None:
    config = read_config(LITE)
    (line,) = config.lines
    assert (line.path, line.pace_unit, line.count_unit) == (
        "becamex/park-01/vinamilk-style/dairy/filling/line-1",
        "filler",
        "filler",
    )
    assert line.levels == config.levels
    assert line.units[0].ideal_cycle_ms == 150.0
    assert {alarm.name for alarm in line.alarms} >= {"h2o2-cold", "overpressure-low", "filler-silent"}


def test_paths_are_relative_to_the_folder_of_park_toml(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    config = read(tmp_path, PARK + 'data_dir = "../data"\n[[brokers]]\nurl = "mqtts://b"\nca = "ca.pem"\n')
    assert config.data_dir == tmp_path.parent / "data"
    assert config.brokers[0].ca == str(tmp_path / "ca.pem")
    assert (config.brokers[0].host, config.brokers[0].port, config.brokers[0].is_tls) == ("b", 8883, True)


def test_a_line_overrides_times_of_the_park_key_by_key(tmp_path: Path) -> None:
    park = PARK + '[time]\nallowed_lateness = "5s"\nmax_age = "1d"\n'
    config = read(tmp_path, park, LINE + '[time]\nmax_age = "24h"\nidle_timeout = "0.25s"\n')
    time = config.lines[0].time
    assert (time.allowed_lateness_ms, time.max_age_ms, time.idle_timeout_ms) == (5_000, 86_400_000, 250)
    assert config.time.idle_timeout_ms == 3_000


def test_an_empty_park_file_means_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "park.toml").write_text("")
    config = read_config(tmp_path)
    assert (config.log.kind, config.log.partitions, config.store.kind, config.lines) == ("sqlite", 1, "local", ())
    assert config.gateway.name
    assert config.gateway.max_payload == 1 << 20


def test_windows_become_seconds_and_the_shift_is_left_to_the_calendar(tmp_path: Path) -> None:
    shift = '[[shifts]]\nname = "day"\nfrom = "06:00"\nto = "14:00"\n'
    config = read(tmp_path, PARK + shift, LINE + 'windows = ["shift", "1m", "1s", "15m", "10s"]\n')
    assert config.lines[0].windows == (1, 10, 60, 900)


def test_the_only_unit_with_a_state_sets_the_pace(tmp_path: Path) -> None:
    units = '[[units]]\nname = "scale"\n[[units]]\nname = "filler"\n[units.metrics.state]\nrole = "state"\n'
    line = read(tmp_path, line=LINE + units).lines[0]
    assert (line.pace_unit, line.count_unit) == ("filler", "filler")


def test_codes_are_resolved_to_names(tmp_path: Path) -> None:
    metrics = (
        '[[units]]\nname = "filler"\n[units.metrics.state]\nrole = "state"\ncodes = { 4 = "Execute", RUN = "execute" }'
        '\n[units.metrics.mode]\nrole = "mode"\ncodes = "weihenstephan"\n'
    )
    state, mode = read(tmp_path, line=LINE + metrics).lines[0].units[0].metrics
    assert state.codes == {"4": "execute", "run": "execute"}
    assert mode.codes["16"] == "changeover"


def test_equal_files_give_equal_records_and_another_limit_another(tmp_path: Path) -> None:
    def alarm(low: float) -> str:
        return LINE + f'[[alarms]]\nname = "cold"\nkind = "limit"\nmetric = "temp"\nlow = {low}\n'

    records = []
    for name, low in (("a", 1.0), ("b", 1.0), ("c", 2.0)):
        (tmp_path / name).mkdir()
        records.append(read(tmp_path / name, line=alarm(low)).lines[0].to_json())
    assert records[0] == records[1] != records[2]


def test_a_password_comes_from_the_environment_or_the_file_named_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("from file\n")
    broker = '[[brokers]]\nurl = "mqtt://b"\nusername = "gw"\npassword_env = "PARKPULSE_TEST_PASSWORD"\n'
    monkeypatch.setenv("PARKPULSE_TEST_PASSWORD_FILE", str(tmp_path / "secret"))
    config = read(tmp_path, PARK + broker)
    assert config.brokers[0].password() == "from file"
    monkeypatch.setenv("PARKPULSE_TEST_PASSWORD", "from variable")
    assert config.brokers[0].password() == "from variable"
    assert "from variable" not in repr(config)


def test_one_slip_does_not_hide_those_that_only_another_key_can_show(tmp_path: Path) -> None:
    line = LINE + (
        'windows = ["2s"]\npace_unit = "caper"\n[[units]]\nname = "capper"\n'
        '[[alarms]]\nkind = "limt"\nmetric = "x"\n[[alarms]]\nname = "b"\nkind = "silence"\nmetric = "x"\n'
    )
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, line=line)
    keys = [slip.split(": ")[1] for slip in refused.value.slips]
    assert keys == ["alarms[0].name", "windows[0]", "pace_unit", "alarms[0].kind", "alarms[1].after"]


def test_own_topic_patterns_are_subscribed_to_beside_the_families(tmp_path: Path) -> None:
    broker = (
        '[[brokers]]\nurl = "mqtt://b"\n'
        '[[brokers.topics]]\npattern = "f/{site}/{line}/+/telegraf"\nfamily = "telegraf"\n'
        '[[brokers.topics]]\npattern = "influx/#"\nfamily = "influx"\n'
    )
    found = read(tmp_path, PARK + broker).brokers[0]
    assert found.filters == ["parkpulse/v1/data/#", "umh/v1/#", "f/+/+/+/telegraf", "influx/#"]
    assert [(pattern.text, pattern.family) for pattern in found.patterns] == [
        ("f/{site}/{line}/+/telegraf", "telegraf"),
        ("influx/#", "influx"),
    ]


def test_a_wrong_pattern_is_not_told_to_share_topics_with_its_neighbour(tmp_path: Path) -> None:
    topics = '[[brokers.topics]]\npattern = "a/#/b"\nfamily = "influx"\n[[brokers.topics]]\nfamily = "influx"\n'
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, PARK + '[[brokers]]\nurl = "mqtt://b"\n' + topics + 'pattern = "factory/#"\n')
    assert [slip.split(": ")[1] for slip in refused.value.slips] == ["brokers[0].topics[0].pattern"]


def test_a_byte_order_mark_before_the_text_is_no_part_of_it(tmp_path: Path) -> None:
    config = read(tmp_path, "\ufeff" + PARK, "\ufeff" + LINE)
    assert (config.levels, config.lines[0].path) == (("site", "line", "unit"), "dairy/line-1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("máy = 1", 'line 4, column 2: not TOML; got the name máy without quotes; put the name in quotes: "máy"'),
        ("[metrics.nhiệt-độ]", 'got the name nhiệt-độ without quotes; put the name in quotes: "nhiệt-độ"'),
        ("a = { độ = 1 }", "got the name độ without quotes"),
        ("a = độ", "line 4, column 5: not TOML; got: invalid value; correct the line"),
    ],
)
def test_a_name_of_letters_beyond_a_to_z_is_to_be_put_in_quotes(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, line=LINE + "# đây\n\n" + text + "\n")
    (slip,) = refused.value.slips
    assert says in slip
