"""Security headers of every answer."""

# Documents load one stylesheet of their own and nothing else: no scripts, no third party, no framing. A page that
# talks to a passkey names its one script itself.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # "no-referrer" would also send `Origin: null` with our own forms (Fetch §3.1), which no CSRF check can accept.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TRANSPORT = "max-age=31536000; includeSubDomains"  # one year, RFC 6797


def security_headers(*, secure: bool) -> dict[str, str]:
    """Each header with its value; HSTS only where people arrive by TLS (`secure`)."""
    return {**_HEADERS, "Strict-Transport-Security": _TRANSPORT} if secure else dict(_HEADERS)
