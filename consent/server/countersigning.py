"""Countersign grants soon after they are signed, whether or not anybody reads their package.

A countersignature says when the grant was recorded, and is believed only if its key spoke then. So it has
to be made while the key of that time still signs: a rotation leaves a day for it (`keys.make.OVERLAP`).
"""

import logging

from django.db.models import Exists, OuterRef

from consent.log.errors import RecordDestroyedError
from consent.registry.models import Countersignature, Grant
from consent.registry.operations.read_package import PackageBrokenError, read_package
from consent.registry.ports import RegistryPorts

AT_ONCE = 200  # a turn's share: about ten milliseconds each
_logger = logging.getLogger(__name__)


def countersign(ports: RegistryPorts) -> int:
    """Countersign what is not yet; how many. A grant that does not verify stays without, and is told each turn."""
    made = Countersignature.objects.filter(grant=OuterRef("pk"))
    waiting = (
        Grant.objects.filter(~Exists(made))
        .order_by("-signed_at")
        .values_list("id", "livemode", "performer_id")
    )
    done = 0
    for grant, livemode, performer in waiting[:AT_ONCE]:
        try:
            read_package(ports, livemode=livemode, grant=grant, performer=performer)
        except RecordDestroyedError:
            continue  # erased before anybody read it; there is nothing to sign over
        except PackageBrokenError:
            _logger.exception("%s does not verify and is not countersigned", grant)
        else:
            done += 1
    return done
