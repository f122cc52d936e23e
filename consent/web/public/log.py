"""The pages of the log: how far it is, who witnessed it, and any entry with its way to the signed root."""

from urllib.parse import urlsplit

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from consent.log.errors import ObjectMissingError
from consent.log.new_history import losses
from consent.web.page import Page
from consent.web.public.log_growth import read_growth
from consent.web.public.log_state import PublishedLog, published_logs, read_log
from consent.web.public.log_tree import draw_tree
from signing.checkpoint import parse_checkpoint
from signing.merkle import leaf_hash, verify_inclusion
from signing.note import parse_note
from signing.tiles import ENTRIES, TILE_WIDTH, Tile, parse_bundle, width_at
from signing.tree_proofs import TileHashes, inclusion_proof_at

MAX_DIGITS = 18  # of an index that the database can hold


def logs(page: Page) -> HttpResponse:
    """Both logs: name, keys, growth, checkpoint, witnesses, and how to check them oneself."""
    found = [_log(page, origin, livemode) for origin, livemode in published_logs(_host(page))]
    return page.render(
        "auditor/log.html",
        logs=[(log, read_growth(log.origin, size=log.size)) for log in found if log is not None],
        losses=len(losses(page.ports.registry.log)),
        address=page.ports.origins.main,
    )


def find_entry(page: Page, name: str) -> HttpResponse:
    """From the form to the entry of that index."""
    log = _named(page, name)
    asked = page.request.GET.get("index", "").strip().replace(",", "")
    if asked.isascii() and asked.isdigit() and len(asked) <= MAX_DIGITS and int(asked) < log.size:
        return page.to(f"/log/{name}/entries/{int(asked)}")
    if not log.size:
        raise Http404
    error = _("Expected a whole number from 0 to %(last)s.") % {"last": f"{log.last:,}"}
    return page.render("auditor/find_entry.html", status=422, log=log, asked=asked[:40], error=error)


def entry(page: Page, name: str, index: str) -> HttpResponse:
    """One entry of a log, and the way from it to the root of the published checkpoint."""
    log = _named(page, name)
    number = int(index)
    objects = page.ports.registry.log.objects
    try:
        checkpoint = parse_checkpoint(parse_note(objects.get(f"log/{name}/checkpoint")).text)
        if number >= checkpoint.size or index != str(number):
            raise Http404
        bundle, offset = divmod(number, TILE_WIDTH)
        width = width_at(ENTRIES, bundle, checkpoint.size)
        tile = Tile(ENTRIES, bundle, width)
        data = parse_bundle(objects.get(f"log/{name}/{tile.path}"), width=width)[offset]
        reader = TileHashes(checkpoint.size, lambda each: objects.get(f"log/{name}/{each.path}"))
        proof = inclusion_proof_at(number, checkpoint.size, reader)
    except ObjectMissingError as exc:
        raise Http404 from exc
    leaf = leaf_hash(data)
    verify_inclusion(index=number, size=checkpoint.size, leaf=leaf, proof=proof, root=checkpoint.root)
    return page.render(
        "auditor/entry.html",
        log=log,
        number=number,
        entry=data.hex(),
        tree=draw_tree(index=number, size=checkpoint.size, leaf=leaf, proof=proof),
        size=f"{checkpoint.size:,}",
        before=str(number - 1) if number else "",
        after=str(number + 1) if number + 1 < checkpoint.size else "",
        bundle=f"/log/{name}/{tile.path}",
        crumbs=(("/log", _("The log")),),
        address=page.ports.origins.main,
    )


def _host(page: Page) -> str:
    return urlsplit(page.ports.registry.origin).netloc


def _log(page: Page, origin: str, livemode: bool) -> PublishedLog | None:
    return read_log(origin, keys=page.ports.log_keys(origin, livemode))


def _named(page: Page, name: str) -> PublishedLog:
    log = _log(page, f"{_host(page)}/log/{name}", name.startswith("live"))
    if log is None:
        raise Http404
    return log
