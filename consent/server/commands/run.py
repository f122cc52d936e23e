"""`consent-server run`: the processes of a registry, one each, or all under one supervisor."""

import argparse
import signal
import threading
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

from consent.server.commands.registry_here import adopt_settings
from consent.server.django_setup import set_up_django
from consent.server.settings import Settings

if TYPE_CHECKING:
    from consent.registry.ports import RegistryPorts

THREADS = 8  # of a worker: most of a request's time is the database's
CHECK_THREADS = 4  # of a check node: more only take turns; these may wait for facts (decision 14)
SIGNING_THREADS = 2  # one person signs at a time on a port of its own
MAX_COUNT = 1024  # of processes, and of threads in one: far more than a machine has use for
MAX_PORT = 65_535
LOOPBACK = "127.0.0.1"
PORT_SETTING = ("CONSENT_PORT", "")  # where a port is chosen, and what stands before it there
CHECK_SETTING = ("--port", "")
SIGNING_SETTING = ("CONSENT_SIGNING_ORIGIN", "http://localhost:")


def run(arguments: Sequence[str]) -> int:
    """Run until told to stop; returns the exit status."""
    parser = argparse.ArgumentParser(prog="consent-server run", description=__doc__)
    kinds = parser.add_subparsers(dest="process", required=True)
    web = kinds.add_parser("web", help="answer requests")
    every = kinds.add_parser("all", help="web, relay and publisher under one supervisor")
    check = kinds.add_parser(
        "check", help="answer checks: the same as web, with few threads for a proxy's share"
    )
    for each in (web, check, every):
        each.add_argument("--host", default=LOOPBACK, help="the address to listen on (default: %(default)s)")
        each.add_argument("--workers", type=_count, default=1, help="processes (default: %(default)s)")
    web.add_argument(
        "--signing",
        action="store_true",
        help="the same on the signing origin's own port; only where that is another port of this machine",
    )
    check.add_argument("--port", type=_port, help="the port to listen on (default: that of CONSENT_PORT)")
    check.add_argument(
        "--threads", type=_count, default=CHECK_THREADS, help="threads of each process (default: %(default)s)"
    )
    relay = kinds.add_parser("relay", help="timed work: enforcement of workers that died, expiry, cleaning")
    relay.add_argument("--laptop", action="store_true", help=argparse.SUPPRESS)
    kinds.add_parser("worker", help="timed work that the relay hands over through CONSENT_BROKER_URL")
    kinds.add_parser("publisher", help="the public log: tiles and checkpoints of what is committed")
    kinds.add_parser("actors", help="the invented performers of the test side")
    options = parser.parse_args(list(arguments))
    settings = adopt_settings()
    match options.process:
        case "web" if options.signing:
            status = _signing(settings, host=options.host)
        case "web":
            status = _serve(
                settings, settings.web.port, host=options.host, workers=options.workers, threads=THREADS
            )
        case "check":
            status = _serve(
                settings,
                options.port or settings.web.port,
                host=options.host,
                workers=options.workers,
                threads=options.threads,
                setting=CHECK_SETTING if options.port else PORT_SETTING,
            )
        case "all":
            status = _all(settings, host=options.host, workers=options.workers)
        case "relay":
            status = _relay(settings, laptop=options.laptop)
        case "worker":
            status = _worker(settings)
        case "publisher":
            status = _publisher()
        case _:
            status = _actors()
    return status


def _count(text: str) -> int:
    return _from_one_to(MAX_COUNT, text)


def _port(text: str) -> int:
    return _from_one_to(MAX_PORT, text)


def _from_one_to(most: int, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"expected 1 to {most}, got {text!r}")
    return int(text)


def stop_event() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # SIGHUP: the terminal was closed
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), on_signal)
    return stop


def _signing(settings: Settings, *, host: str) -> int:
    """The same pages on a second port, for a machine without a proxy: browsers tell origins by their ports."""
    port = settings.web.signing_port
    if port is None:
        print(f"{settings.web.signing_origin} has no port of its own here: its proxy passes it to `run web`.")
        return 2
    return _serve(settings, port, host=host, workers=1, threads=SIGNING_THREADS, setting=SIGNING_SETTING)


def _serve(
    settings: Settings,
    port: int,
    *,
    host: str,
    workers: int,
    threads: int,
    setting: tuple[str, str] = PORT_SETTING,
) -> int:
    from consent.server.serving import serve  # noqa: PLC0415  # only processes that serve need it

    data_dir = settings.storage.data_dir
    return serve(port, host=host, workers=workers, threads=threads, setting=setting, data_dir=data_dir)


def _all(settings: Settings, *, host: str, workers: int) -> int:
    from consent.server.supervisor import Supervisor, python_child  # noqa: PLC0415

    supervisor = Supervisor()
    supervisor.add(python_child("web", ["run", "web", "--host", host, "--workers", str(workers)]))
    if settings.web.signing_port is not None:
        supervisor.add(python_child("signing", ["run", "web", "--signing", "--host", host]))
    supervisor.add(python_child("relay", ["run", "relay"]))
    supervisor.add(python_child("publisher", ["run", "publisher"]))
    return supervisor.run(stop_event())


def _relay(settings: Settings, *, laptop: bool) -> int:
    ports, stop = _set_up(), stop_event()
    from consent.server.laptop.companion import companion_timers  # noqa: PLC0415  # needs the models
    from consent.server.relay import Relay, Timer, side_by_side  # noqa: PLC0415
    from consent.server.timers import COMMITMENTS, ENFORCEMENT, LEDGER, MAIL, TIMERS  # noqa: PLC0415
    from consent.server.wiring import wiring  # noqa: PLC0415

    def in_place(timer: Timer) -> int:
        return timer.work(ports)

    def through_the_broker(timer: Timer) -> int:
        from consent.server.tasks import hand_over, hand_over_mail  # noqa: PLC0415  # needs a broker's settings

        if timer is MAIL:
            return hand_over_mail(wiring().mail)
        # Enforcement stands in no queue behind a mail that a slow server holds up.
        return hand_over(timer, ports) if timer in TIMERS and timer is not ENFORCEMENT else in_place(timer)

    extra = companion_timers(settings.storage.data_dir) if laptop else ()
    run_one = through_the_broker if settings.broker_url else in_place
    relays = [(*TIMERS, *extra), (MAIL,), (LEDGER, COMMITMENTS)]
    side_by_side([Relay(timers, run=run_one) for timers in relays], stop)
    return 0


def _worker(settings: Settings) -> int:
    if not settings.broker_url:
        print("There is nothing to work for: without CONSENT_BROKER_URL the relay does it all.")
        return 2
    _set_up()
    from consent.server.tasks import app  # noqa: PLC0415

    app.worker_main(["worker", "--loglevel=WARNING", "--pool=solo", "--without-mingle", "--without-gossip"])
    return 0


def _publisher() -> int:
    _set_up()
    from consent.server.publishing import run_publishers  # noqa: PLC0415
    from consent.server.wiring import wiring  # noqa: PLC0415

    run_publishers(wiring(), stop_event())
    return 0


def _actors() -> int:
    ports, stop = _set_up(), stop_event()
    from consent.server.test_actors import process  # noqa: PLC0415

    process.run(ports, wait=stop.wait)
    return 0


def _set_up() -> "RegistryPorts":
    """Logs, models, ports; the registry must fit before anything runs."""
    from consent.server.logs import set_up_logs  # noqa: PLC0415

    set_up_logs()
    set_up_django()
    from consent.log.start import start  # noqa: PLC0415
    from consent.server.wiring import wiring  # noqa: PLC0415

    ports = wiring().registry
    start(ports.log)
    wiring().metrics.start()
    return ports
