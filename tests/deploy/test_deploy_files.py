"""The files in deploy/ are held against the settings and commands that exist."""

import configparser
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from consent.server.settings.names import NAMES, SETTINGS

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
BACKUP = DEPLOY / "systemd" / "consent-backup.service"
TIMER = BACKUP.with_suffix(".timer")
PROCESSES = [unit for unit in UNITS if unit != BACKUP]


def _compose() -> dict:
    return yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text())


def _is_setting(name: str) -> bool:
    return name in NAMES or name.removesuffix("_FILE") in NAMES


def test_the_example_environment_names_every_setting_of_the_server_and_no_other() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", (DEPLOY / "env.example").read_text(), flags=re.MULTILINE)
    assert sorted(set(named)) == sorted(NAMES)
    assert len(named) == len(set(named)), "a setting stands twice"


def test_no_secret_has_a_value_in_the_example() -> None:
    text = (DEPLOY / "env.example").read_text()
    for setting in SETTINGS:
        if setting.secret:
            assert re.search(rf"^#?{setting.name}=\s*$", text, flags=re.MULTILINE), setting.name


def test_compose_starts_the_processes_that_exist_with_settings_that_exist() -> None:
    services = _compose()["services"]
    assert {name: service["command"] for name, service in services.items() if name != "postgres"} == {
        "migrate": ["migrate"],
        "web": ["run", "web", "--host", "0.0.0.0"],  # inside its own network
        "check": ["run", "check", "--host", "0.0.0.0", "--workers", "2"],
        "relay": ["run", "relay"],
        "worker": ["run", "worker"],
        "publisher": ["run", "publisher"],
    }
    for name in ("migrate", "web", "check", "relay", "worker", "publisher"):
        assert all(_is_setting(setting) for setting in services[name]["environment"]), name


def test_compose_keeps_the_database_durable_and_off_the_outside() -> None:
    compose = _compose()
    postgres = compose["services"]["postgres"]
    assert {"fsync=on", "synchronous_commit=on"} <= set(postgres["command"])
    assert "ports" not in postgres and postgres["networks"] == ["inside"]
    assert compose["networks"]["inside"]["internal"] is True


def test_compose_passes_no_secret_as_a_plain_variable() -> None:
    secrets = {setting.name for setting in SETTINGS if setting.secret}
    for service in _compose()["services"].values():
        assert secrets.isdisjoint(service.get("environment", {}))


def test_the_container_runs_as_nobody_special_and_copies_only_what_exists() -> None:
    lines = (DEPLOY / "container" / "Containerfile").read_text().splitlines()
    assert "USER 10001" in lines
    top = DEPLOY.parent
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            *sources, _ = shlex.split(line)[1:]
            assert all((top / source).exists() for source in sources), line


def _unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str
    parser.read_string(path.read_text())
    return parser


def _is_hardened(service: configparser.SectionProxy) -> bool:
    return (service["User"], service["NoNewPrivileges"]) == ("consent", "yes") and (
        service["ProtectSystem"],
        service["CapabilityBoundingSet"],
    ) == ("strict", "")


@pytest.mark.parametrize("unit", PROCESSES, ids=[unit.name for unit in PROCESSES])
def test_a_unit_runs_its_process_without_privileges(unit: Path) -> None:
    service = _unit(unit)["Service"]
    process = unit.stem.removeprefix("consent-")
    words = shlex.split(service["ExecStart"])
    assert words[:3] == ["/opt/consent/bin/consent-server", "run", process]
    assert _is_hardened(service)


def test_the_backup_is_as_hardened_as_the_processes_and_runs_once_an_hour() -> None:
    backup, timer = _unit(BACKUP), _unit(TIMER)
    service, folder = backup["Service"], "/var/backups/consent"
    assert service["Type"] == "oneshot" and "Restart" not in service
    assert _is_hardened(service)
    peer = _unit(BACKUP.with_name("consent-relay.service"))["Service"]
    own = {"Type", "ExecStart", "Restart", "RestartSec", "TimeoutStopSec"}
    assert {name: value for name, value in peer.items() if name not in own}.items() <= dict(service).items()
    # The one folder that it may write to beside the data folder is where it writes, and it has to be mounted.
    assert service["ReadWritePaths"] == backup["Unit"]["RequiresMountsFor"] == folder
    words = shlex.split(service["ExecStart"])
    assert words[:4] == ["/opt/consent/bin/consent-server", "backup", "--to", folder]
    assert timer["Timer"]["Unit"] == BACKUP.name and timer["Timer"]["OnCalendar"] == "hourly"
    assert timer["Timer"]["Persistent"] == "true" and timer["Install"]["WantedBy"] == "timers.target"
    assert "Install" not in backup  # the timer starts it, nothing else


def test_only_the_backup_has_the_secret_of_the_backups() -> None:
    service = _unit(BACKUP)["Service"]
    name, _, source = service["LoadCredential"].partition(":")
    assert service["Environment"] == f"CONSENT_BACKUP_SECRET_FILE=%d/{name}"
    assert source in (DEPLOY / "runbooks" / "back-up.md").read_text()
    assert not any("backup-secret" in unit.read_text() for unit in PROCESSES)


def test_the_units_and_services_of_one_machine_listen_on_ports_of_their_own() -> None:
    starts = {
        unit.stem: shlex.split(re.search(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)[1])
        for unit in UNITS
    }
    assert "--port" not in starts["consent-web"]  # it has CONSENT_PORT
    check = starts["consent-check"]
    port = check[check.index("--port") + 1]
    given = re.search(r"^CONSENT_PORT=(\d+)$", (DEPLOY / "env.example").read_text(), re.MULTILINE)
    assert given is not None and port != given[1]
    assert int(check[check.index("--workers") + 1]) >= 1
    outside = [each for service in _compose()["services"].values() for each in service.get("ports", ())]
    assert len(outside) == len({each.rsplit(":", 1)[0] for each in outside}) == 2


def test_nginx_sends_check_nodes_what_the_lane_answers_and_nothing_else() -> None:
    text = (DEPLOY / "nginx" / "consent.conf").read_text()
    sent = re.findall(r"location (?:= )?(\S+) \{\s+proxy_pass http://consent_check;", text)
    assert sent == ["/v1/check", "/v1/check/batch", "/v1/changes", "/access/v1/"]
    (server,) = re.findall(r"upstream consent_check \{\s+server 127\.0\.0\.1:(\d+);", text)
    unit = (DEPLOY / "systemd" / "consent-check.service").read_text()
    assert f"--port {server} " in unit
    # A location with a header of its own would lose all of the server's.
    assert not re.search(r"location [^{]*\{[^}]*proxy_set_header", text)


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("unit", [*UNITS, TIMER], ids=[unit.name for unit in (*UNITS, TIMER)])
def test_systemd_understands_the_unit(unit: Path, tmp_path: Path) -> None:
    for each in (*UNITS, TIMER):  # the timer names its service
        text = each.read_text().replace("/opt/consent/bin/consent-server", "/bin/true")
        (tmp_path / each.name).write_text(text)
    copy = tmp_path / unit.name
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False
    )
    faults = [line for line in done.stderr.splitlines() if unit.name in line]
    assert faults == []


def test_nginx_never_retries_or_keeps_an_answer() -> None:
    text = (DEPLOY / "nginx" / "consent.conf").read_text()
    assert "proxy_next_upstream off;" in text and "proxy_cache off;" in text
    assert text.count("{") == text.count("}")


def test_nginx_passes_both_origins_to_the_same_processes_under_their_own_names() -> None:
    text = (DEPLOY / "nginx" / "consent.conf").read_text()
    assert text.count("server_name registry.example sign.registry.example;") == 2
    assert re.findall(r"proxy_set_header Host (\S+);", text) == ["$http_host"]
    assert "ssl_reject_handshake on;" in text  # nobody else's name reaches the registry


def test_every_command_line_in_deploy_is_one_that_the_server_has() -> None:
    from consent.server.commands.dispatch import COMMANDS

    container = (DEPLOY / "container" / "Containerfile").read_text()
    lines = [
        yaml.safe_load(line.removeprefix("CMD "))
        for line in container.splitlines()
        if line.startswith("CMD ")
    ]
    lines += [service["command"] for name, service in _compose()["services"].items() if name != "postgres"]
    lines += [
        shlex.split(re.search(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)[1])[1:] for unit in UNITS
    ]
    assert {line[0] for line in lines} <= set(COMMANDS)
    assert {line[1] for line in lines if line[0] == "run"} == {"web", "check", "relay", "worker", "publisher"}


def test_figures_stay_inside() -> None:
    text = (DEPLOY / "nginx" / "consent.conf").read_text()
    assert re.search(r"location = /metrics \{\s+return 404;", text)
