"""What the laptop's relay does besides: the invented performers, and the demo organization's own system."""

from pathlib import Path

from consent.registry.ports import RegistryPorts
from consent.server.laptop.folder import LaptopFolder
from consent.server.laptop.seeding import name_the_demo_performer
from consent.server.relay import Timer
from consent.server.test_actors import process


def companion_timers(data_dir: Path) -> tuple[Timer, ...]:
    """Two timers for the registry in `data_dir`."""
    folder = LaptopFolder(root=data_dir)

    def name_demo(ports: RegistryPorts) -> int:
        return name_the_demo_performer(folder, ports)

    return (
        Timer(name="test-actors", every_s=process.PAUSE_S, work=process.step),
        Timer(name="demo-organization", every_s=0.5, work=name_demo),
    )
