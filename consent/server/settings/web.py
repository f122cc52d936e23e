"""Port, origins and relying party."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from consent.server.settings.database import LOCAL_HOSTS
from consent.server.settings.environment import Environment

DEFAULT_PORT = 8000
MAX_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where the registry is reached, where performers sign, and to whom passkeys are bound."""

    port: int
    origin: str
    signing_origin: str
    rp_id: str

    @property
    def host(self) -> str:
        """The host name of the origin."""
        return host_of(self.origin)

    @property
    def secure(self) -> bool:
        """Whether people arrive by TLS."""
        return self.origin.startswith("https://")

    @property
    def signing_port(self) -> int | None:
        """The port of this machine that serves the signing origin alone; None where a proxy or `port` serves it."""
        signing = urlsplit(self.signing_origin)
        if signing.scheme != "http" or signing.hostname not in LOCAL_HOSTS:
            return None
        found = signing.port or 80
        return None if found == self.port else found


def host_of(origin: str) -> str:
    """The host name in an origin."""
    return urlsplit(origin).hostname or ""


def read_web(environment: Environment) -> WebSettings:
    """Port, origins and relying party, each checked against the others."""
    port = _port(environment)
    origin = _origin(environment, "CONSENT_ORIGIN") or f"http://localhost:{port}"
    local = host_of(origin) in LOCAL_HOSTS
    signing = _origin(environment, "CONSENT_SIGNING_ORIGIN")
    if not signing and local:
        signing = f"http://localhost:{_next_port(environment, urlsplit(origin).port or port)}"
    elif not signing:
        environment.refuse(
            "CONSENT_SIGNING_ORIGIN",
            "is not set",
            "name a second origin below the same domain: a sign-in must never count as a signature",
        )
    elif signing == origin:
        environment.refuse(
            "CONSENT_SIGNING_ORIGIN",
            "is the same as CONSENT_ORIGIN",
            "name another one: a sign-in must never count as a signature",
        )
    rp_id = environment.text("CONSENT_RP_ID") or ("localhost" if local else "")
    _check_rp_id(environment, rp_id, origin, signing)
    return WebSettings(port=port, origin=origin, signing_origin=signing, rp_id=rp_id)


def _port(environment: Environment) -> int:
    text = environment.text("CONSENT_PORT") or str(DEFAULT_PORT)
    if text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PORT:
        return int(text)
    environment.refuse("CONSENT_PORT", "is not a port", "use a number from 1 to 65535")
    return DEFAULT_PORT


def _next_port(environment: Environment, port: int) -> int:
    if port < MAX_PORT:
        return port + 1
    environment.refuse("CONSENT_PORT", "leaves no next port for the signing origin", "use a lower one")
    return port - 1


def _origin(environment: Environment, name: str) -> str:
    text = environment.text(name)
    if not text:
        return ""
    url = urlsplit(text)
    try:
        port = url.port
    except ValueError:
        port = -1
    host = url.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    built = f"{url.scheme}://{shown}" + (f":{port}" if port is not None else "")
    # RFC 6454 §6.2: scheme, host and port, and nothing else; written the way browsers send it.
    if url.scheme not in ("http", "https") or not host or built != text:
        environment.refuse(name, "is not an origin", "write https://host, without path and in lower case")
        return ""
    if (url.scheme, port) in (("https", 443), ("http", 80)):
        environment.refuse(name, "names the port that its scheme has anyway", "leave the port out")
    if url.scheme == "http" and host not in LOCAL_HOSTS:
        environment.refuse(
            name, "is not https", "use https: only localhost may do without, and passkeys refuse it"
        )
    return text


def _check_rp_id(environment: Environment, rp_id: str, origin: str, signing: str) -> None:
    name = "CONSENT_RP_ID"
    if not rp_id:
        environment.refuse(name, "is not set", "name the domain that both origins belong to")
        return
    if rp_id != "localhost" and "." not in rp_id:
        environment.refuse(name, "is not a domain", "name the domain that both origins belong to")
    for each in (origin, signing):
        host = host_of(each)
        # WebAuthn L3 §5.1.2: the RP ID is the origin's effective domain or a registrable suffix of it.
        if each and host not in LOCAL_HOSTS and host != rp_id and not host.endswith("." + rp_id):
            environment.refuse(name, f"does not cover {each}", "use a domain that both origins are below")
