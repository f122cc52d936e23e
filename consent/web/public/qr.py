"""An address as a drawing that another device's camera reads."""

import segno
from django.utils.safestring import SafeString, mark_safe


def qr_code(address: str) -> SafeString:
    """SVG to stand in a page: one path, no style, so that the page's policy holds."""
    drawing = segno.make(address, error="m", micro=False)
    return mark_safe(drawing.svg_inline(border=2, dark="#000", omitsize=True))  # noqa: S308  # ours, digits only
