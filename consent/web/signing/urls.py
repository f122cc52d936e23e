"""Addresses of the signing origin."""

from django.urls import URLPattern, path

from consent.web.origins import Place
from consent.web.page import open_page
from consent.web.ports import WebPorts
from consent.web.signing.about_grant import STEPS, step_view
from consent.web.signing.doors import door_urls
from consent.web.signing.erase import erase
from consent.web.signing.hand_off import arrive
from consent.web.signing.limits import sign_limits
from consent.web.signing.sign import prepared_text, sign
from consent.web.signing.task_page import task_page


def urls(ports: WebPorts) -> list[URLPattern]:
    """Every pattern, from one process's ports."""
    return [
        *door_urls(ports),
        path("h/<str:ticket>", open_page(ports, arrive, place=Place.SIGNING, methods=("GET",))),
        path("sign/<str:offer>", task_page(ports, "sign", sign, subject="offer")),
        path(
            "sign/<str:offer>/text/<str:grant>",
            task_page(ports, "sign", prepared_text, subject="offer", methods=("GET",)),
        ),
        *(
            path(f"{step.task}/<str:grant>", task_page(ports, step.task, step_view(step), subject="grant"))
            for step in STEPS
        ),
        path("limits/sign", task_page(ports, "limits", sign_limits)),
        path("erase/sign", task_page(ports, "erase", erase)),
    ]
