"""Open the stores that the settings name: one line a kind."""

from pathlib import Path
from secrets import token_bytes

from consent.log.keystore import KeyArchive, KeyStore
from consent.log.keystore_database import DatabaseKeyStore
from consent.log.keystore_file import FileKeyStore
from consent.log.objects import ObjectStore
from consent.log.sealing import Sealer
from consent.log.storage_file import FileObjectStore
from consent.server.settings import Settings


def open_objects(settings: Settings) -> ObjectStore:
    """The object store; StoreUnavailableError if it cannot be reached."""
    where = settings.storage.objects
    if isinstance(where, Path):
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileObjectStore(where)
    # Imported here: boto3 takes a quarter of a second that a folder need not cost.
    from consent.log.storage_s3 import S3ObjectStore, s3_client  # noqa: PLC0415

    client = s3_client(
        endpoint_url=where.endpoint_url,
        region=where.region,
        access_key=where.access_key,
        secret_key=where.secret_key,
    )
    return S3ObjectStore(client=client, bucket=where.bucket, prefix=where.prefix)


def open_key_store(settings: Settings) -> KeyStore:
    """The key store; KeyStoreUnavailableError if it cannot be reached."""
    return _open_keys(settings)


def open_key_archive(settings: Settings) -> KeyArchive:
    """The same store as its backups see it."""
    return _open_keys(settings)


def open_sealer(settings: Settings) -> Sealer:
    """What seals under the keys of that store."""
    return Sealer(
        key_store=_open_keys(settings),
        key_secret=settings.secrets.key_secret,
        random=token_bytes,
        also=settings.secrets.key_secret_also,
    )


def _open_keys(settings: Settings) -> FileKeyStore | DatabaseKeyStore:
    where = settings.storage.key_store
    if isinstance(where, Path):
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileKeyStore(where)
    store = DatabaseKeyStore(where)
    store.prepare()
    return store
