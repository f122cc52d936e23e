"""Where files, objects and record keys are kept."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from consent.server.settings.database import LOCAL_HOSTS, parse_database_url
from consent.server.settings.environment import Environment

DEFAULT_DATA_DIR = ".state"
DEFAULT_REGION = "us-east-1"  # what S3-compatible stores take when they know no regions


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Settings:
    """One bucket of an S3-compatible store. Empty credentials: boto3 looks for the machine's own role."""

    endpoint_url: str | None
    region: str
    bucket: str
    prefix: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """The data folder, and the two stores: a folder, a bucket, or a second PostgreSQL (its address)."""

    data_dir: Path
    objects: Path | S3Settings
    key_store: Path | str = field(repr=False)

    @property
    def keys(self) -> Path:
        """The registry's own encrypted key files."""
        return self.data_dir / "keys"


def read_storage(environment: Environment) -> StorageSettings:
    """CONSENT_DATA_DIR, CONSENT_OBJECT_STORE and CONSENT_KEY_STORE."""
    data_dir = Path(environment.text("CONSENT_DATA_DIR") or DEFAULT_DATA_DIR).absolute()
    return StorageSettings(
        data_dir=data_dir,
        objects=_objects(environment, data_dir / "objects"),
        key_store=_key_store(environment, data_dir / "key-store"),
    )


def _objects(environment: Environment, default: Path) -> Path | S3Settings:
    name = "CONSENT_OBJECT_STORE"
    text = environment.text(name)
    if not text:
        return default
    try:
        return _folder(text) or _bucket(text)
    except ValueError as exc:
        environment.refuse(
            name, str(exc), "write file:/folder or s3://key:secret@host/bucket/prefix?region=name"
        )
        return default


def _key_store(environment: Environment, default: Path) -> Path | str:
    name = "CONSENT_KEY_STORE"
    text = environment.text(name)
    if not text:
        return default
    mend = "write file:/folder, or postgresql://user:password@host:5432/database of a second PostgreSQL"
    try:
        folder = _folder(text)
        if folder is not None:
            return folder
        parse_database_url(text)
    except ValueError as exc:
        environment.refuse(name, str(exc), mend)
        return default
    if text == environment.text("CONSENT_DATABASE_URL"):
        environment.refuse(
            name,
            "is the registry's own database",
            "use another one: erasing a person needs keys whose backups end within seven days",
        )
    return text


def _folder(text: str) -> Path | None:
    if not text.startswith("file:"):
        return None
    path = Path(unquote(text.removeprefix("file:").removeprefix("//")))
    if not path.is_absolute():
        raise ValueError("is not an absolute folder")
    return path


def _bucket(text: str) -> S3Settings:
    url = urlsplit(text)
    if url.scheme != "s3":
        raise ValueError("begins with neither file: nor s3:")
    options = dict(parse_qsl(url.query))
    if set(options) - {"region", "tls"}:
        raise ValueError("has an option that is neither region nor tls")
    bucket, _, prefix = url.path.lstrip("/").partition("/")
    if not bucket:
        raise ValueError("names no bucket")
    tls = options.get("tls", "on") != "off"
    if not tls and url.hostname not in LOCAL_HOSTS:
        raise ValueError("switches TLS off for another machine")
    endpoint = None
    if url.hostname:
        port = f":{url.port}" if url.port else ""
        endpoint = f"{'https' if tls else 'http'}://{url.hostname}{port}"
    return S3Settings(
        endpoint_url=endpoint,
        region=options.get("region", DEFAULT_REGION),
        bucket=bucket,
        prefix=f"{prefix.strip('/')}/" if prefix.strip("/") else "",
        access_key=unquote(url.username or ""),
        secret_key=unquote(url.password or ""),
    )
