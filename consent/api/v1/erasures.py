"""`/v1/me/erasure` and `/v1/erasures/{erasure}`: being forgotten, by a key of one's own, and how far it is."""

from consent.api.operation import Actor, operation
from consent.api.view import ApiView, Call
from consent.core.wire.erasures import EraseMe, Erasure, ErasureAhead, ErasureBegun, HoldOnMe
from consent.core.wire.times import milliseconds_or_none, seconds, seconds_or_none
from consent.log.erasures import KEY_BACKUP_LIFE
from consent.registry import models
from consent.registry.models.grant import LIVING
from consent.registry.operations.erase_by_key import erase_by_key, key_may_from
from consent.registry.operations.legal_holds import holds_on
from consent.registry.queries.erasures import read_erasure


class MyErasureView(ApiView):
    """Be forgotten."""

    @operation(
        id="getMyErasure",
        summary="Read what erasing you would do",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        answer=ErasureAhead,
        description="A legal hold stands against erasing, never against ending a consent.",
    )
    def get(self, call: Call) -> ErasureAhead:
        """Nothing is done by reading it."""
        me, ports = call.performer, self.wiring.registry
        may_from = key_may_from(performer=me.performer, thumbprint=me.thumbprint)
        living = models.Grant.objects.filter(performer_id=me.performer, state__in=LIVING)
        return ErasureAhead(
            livemode=me.livemode,
            consents=living.count(),
            complete_after_days=KEY_BACKUP_LIFE.days,
            holds=[
                HoldOnMe(id=each.id, ground=each.ground, until=seconds(each.until))
                for each in holds_on(ports, performer=me.performer)
            ],
            key_may_from=seconds_or_none(may_from),
        )

    @operation(
        id="eraseMe",
        summary="Erase everything about you, for good",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        body=EraseMe,
        answer=ErasureBegun,
        problems=(
            "on_legal_hold",
            "credential_waiting",
            "credential_blocked",
            "credential_unknown",
            "not_found",
            "commit_unknown",
            "key_store_unavailable",
            "rolled_back",
            "store_unavailable",
        ),
        stops=True,
        description="Every consent ends first and is denied from `enforced_at` on; then the keys of all that is sealed "
        "about you are destroyed, then the rows go. Your proof of this very request is what is believed, and the key "
        "is old enough to sign with. From then on no key of yours is known here: look at `/v1/erasures/{erasure}`.",
    )
    def post(self, call: Call) -> ErasureBegun:
        """Neither the proof nor the answer is kept: each would be one more thing about somebody."""
        me, ports = call.performer, self.wiring.registry
        done = erase_by_key(
            ports,
            livemode=me.livemode,
            performer=me.performer,
            thumbprint=me.thumbprint,
            elsewhere=self.wiring.forget_elsewhere,
        )
        return ErasureBegun(
            id=done.erasure,
            livemode=me.livemode,
            enforced_at=milliseconds_or_none(done.enforced_at),
            erased_at=seconds_or_none(done.erased_at),
            complete_from=seconds_or_none(done.complete_from),
            page=f"{ports.origin}/erased/{done.erasure}",
        )


class ErasureView(ApiView):
    """How far an erasure is."""

    @operation(
        id="getErasure",
        summary="Read how far an erasure is",
        tag="Performers' side",
        actor=Actor.ANYBODY,
        answer=Erasure,
        problems=("not_found",),
        description="For whoever has its number, from the answer to `eraseMe` or the last letter. It names nobody.",
    )
    def get(self, call: Call, erasure: str) -> Erasure:
        """As on the page of the last letter."""
        found = read_erasure(erasure)
        return Erasure(
            id=found.id,
            livemode=found.livemode,
            state="complete" if found.completed_at else "erased" if found.erased_at else "begun",
            begun_at=seconds(found.begun_at),
            erased_at=seconds_or_none(found.erased_at),
            complete_from=seconds_or_none(found.complete_from),
            completed_at=seconds_or_none(found.completed_at),
        )
