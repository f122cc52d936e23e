"""The routes, each once: Django's patterns and the OpenAPI document are made from the same list."""

import re
from collections.abc import Iterable

from django.urls import URLPattern, re_path

from consent.api import openapi
from consent.api.openapi import PATH_PREFIXES
from consent.api.operation import Operation
from consent.api.ports import ApiPorts
from consent.api.v1 import (
    asked,
    authzen,
    changes,
    check,
    erasures,
    events,
    evidence,
    grants,
    invitations,
    keys,
    me,
    my_grants,
    my_offers,
    offers,
    organization,
    performers,
    prior_records,
    statements,
    well_known,
)
from consent.api.view import ApiView
from consent.core.wire.encode import encode

_METHODS = ("get", "post", "patch", "put", "delete")

ROUTES: tuple[tuple[str, type[ApiView]], ...] = (
    ("/v1/organization", organization.OrganizationView),
    ("/v1/members", organization.MembersView),
    ("/v1/members/{member}", organization.MemberView),
    ("/v1/keys", keys.KeysView),
    ("/v1/keys/{key}", keys.KeyView),
    ("/v1/keys/{key}/rotate", keys.RotateKeyView),
    ("/v1/keys/{key}/revoke", keys.RevokeKeyView),
    ("/v1/performers", performers.PerformersView),
    ("/v1/performers/{performer}", performers.PerformerView),
    ("/v1/external-ids", performers.ExternalIdsView),
    ("/v1/external-ids/forget", performers.ForgetExternalIdView),
    ("/v1/offers", offers.OffersView),
    ("/v1/offers/{offer}", offers.OfferView),
    ("/v1/offers/{offer}/send", offers.SendOfferView),
    ("/v1/offers/{offer}/withdraw", offers.WithdrawOfferView),
    ("/v1/offers/{offer}/dry-run", offers.DryRunOfferView),
    ("/v1/invitations", invitations.InvitationsView),
    ("/v1/invitations/{invitation}/revoke", invitations.RevokeInvitationView),
    ("/v1/grants", grants.GrantsView),
    ("/v1/grants/{grant}", grants.GrantView),
    ("/v1/grants/{grant}/package", grants.GrantPackageView),
    ("/v1/grants/{grant}/checks", asked.GrantChecksView),
    ("/v1/prior-records", prior_records.PriorRecordsView),
    ("/v1/prior-records/{record}", prior_records.PriorRecordView),
    ("/v1/check", check.CheckView),
    ("/v1/check/batch", check.BatchCheckView),
    ("/v1/receipts/{decision}", check.ReceiptView),
    ("/v1/receipts/{decision}/proof", check.ReceiptProofView),
    ("/v1/changes", changes.ChangesView),
    ("/v1/events", events.EventsView),
    ("/v1/evidence", evidence.EvidenceView),
    ("/v1/statements", statements.StatementsView),
    ("/v1/enrolments", me.EnrolmentsView),
    ("/v1/me", me.MeView),
    ("/v1/me/invitations", me.MyInvitationsView),
    ("/v1/me/limits", me.MyLimitsView),
    ("/v1/me/offers", my_offers.MyOffersView),
    ("/v1/me/offers/{offer}", my_offers.MyOfferView),
    ("/v1/me/offers/{offer}/prepare", my_offers.PrepareGrantView),
    ("/v1/me/offers/{offer}/decline", my_offers.DeclineOfferView),
    ("/v1/me/offers/{offer}/request-changes", my_offers.RequestChangesView),
    ("/v1/me/offers/{offer}/dry-run", my_offers.DryRunMyOfferView),
    ("/v1/me/erasure", erasures.MyErasureView),
    ("/v1/erasures/{erasure}", erasures.ErasureView),
    ("/v1/me/asked", asked.AskedAboutMeView),
    ("/v1/me/grants", my_grants.MyGrantsView),
    ("/v1/me/grants/{grant}", my_grants.MyGrantView),
    ("/v1/me/grants/{grant}/package", my_grants.MyGrantPackageView),
    ("/v1/me/evidence", evidence.MyEvidenceView),
    ("/access/v1/evaluation", authzen.EvaluationView),
    ("/access/v1/evaluations", authzen.EvaluationsView),
    ("/.well-known/authzen-configuration", authzen.ConfigurationView),
    ("/.well-known/consent-registry", well_known.DiscoveryView),
    ("/.well-known/jwks.json", well_known.KeysView),
    ("/.well-known/security.txt", well_known.SecurityTextView),
    ("/v1/openapi.json", well_known.OpenApiView),
)


def api_urls(ports: ApiPorts) -> list[URLPattern]:
    """Every route of the API, and a problem for every other address below /v1."""
    document = encode(openapi_document(ports))
    patterns = []
    for path, view in ROUTES:
        wiring = {"ports": ports}
        if view is well_known.OpenApiView:
            patterns.append(re_path(_pattern(path), view.as_view(**wiring, document=document)))
        else:
            patterns.append(re_path(_pattern(path), view.as_view(**wiring)))
    patterns.append(re_path(r"^v1(/[\s\S]*)?\Z", well_known.NothingHereView.as_view(ports=ports)))
    return patterns


def openapi_document(ports: ApiPorts) -> dict[str, object]:
    """The OpenAPI 3.1 document of all routes."""
    return openapi.document(operations(), origin=ports.registry.origin, version=ports.version)


def operations() -> Iterable[tuple[str, dict[str, Operation]]]:
    """(path, method → operation) of all routes."""
    for path, view in ROUTES:
        found = {method: getattr(getattr(view, method, None), "operation", None) for method in _METHODS}
        yield path, {method: described for method, described in found.items() if described is not None}


def _pattern(path: str) -> str:
    """`/v1/offers/{offer}` as a regular expression whose group is an id of that kind."""
    parts = re.split(r"\{(\w+)\}", path.lstrip("/"))
    out = "".join(
        re.escape(part) if place % 2 == 0 else f"(?P<{part}>{PATH_PREFIXES[part]}_[A-Za-z0-9_-]{{1,120}})"
        for place, part in enumerate(parts)
    )
    return rf"^{out}\Z"
