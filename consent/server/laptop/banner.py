"""What the terminal says once the registry is ready. Every line is true word for word."""

from importlib.metadata import version
from pathlib import Path


def banner(*, url: str, data_dir: Path, embedded: bool) -> str:
    """The text, without its last line end."""
    number = ".".join(version("consent-registry").split(".")[:2])
    where = shown(data_dir)
    lines = [
        f"Consent registry {number} is ready: {url}      (data: {where}, stop: Ctrl-C)",
        "",
        "In a second terminal, in this folder:",
        f" 0 Set up             . .venv/bin/activate; . {where}/test.env",
        " 1 Be the performer   consent performer key; consent performer enrol --help",
        "                      consent performer accept $CONSENT_INVITATION      the request that waits for you",
        " 2 Be the operator    consent-server operator identity list             then: … identity approve",
        " 3 Sign               consent performer offers; consent performer sign OFFER",
        " 4 Be the pipeline    consent check --performer external_id:demo --use train.voice \\",
        "                        --territory DE --language de --purpose audiobook",
        "   It says allow after you sign. End it with `consent performer end GRANT`, and it says deny.",
        "",
        f" Docs: {url}/docs    API: {url}/docs/api    The whole story by itself: make demo",
        f" Logs: {where}/log" + (f", {where}/postgres/postgres.log" if embedded else ""),
    ]
    return "\n".join(lines)


def shown(path: Path) -> str:
    """A path as one would type it here."""
    try:
        return f"./{path.relative_to(Path.cwd())}"
    except ValueError:
        return str(path)
