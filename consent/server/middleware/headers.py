"""Security headers of every answer."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from consent.server.wiring import wiring

Handler = Callable[[HttpRequest], HttpResponse]

# Documents load one stylesheet of their own and nothing else: no scripts, no third party, no framing. A page that
# talks to a passkey names its one script itself.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # "no-referrer" would also send `Origin: null` with our own forms (Fetch §3.1), which no CSRF check can accept.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
TRANSPORT = "max-age=31536000; includeSubDomains"  # one year, RFC 6797


def headers(get_response: Handler) -> Handler:
    """Set each header unless the view set its own; HSTS only where people arrive by TLS."""
    every = dict(HEADERS)
    if wiring().settings.web.secure:
        every["Strict-Transport-Security"] = TRANSPORT

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in every.items():
            response.headers.setdefault(name, value)
        return response

    return handle
