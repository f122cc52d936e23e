"""The registry as a verb reaches it: settings from the environment, transport and clock from the context."""

from pathlib import Path

from consent.cli.context import Context
from consent.client.local.registry import LocalRegistry
from consent.client.registry import Registry
from consent.client.settings import client_settings
from consent.client.trust_file import load_trust

UNVERIFIED = "receipts are kept unverified: CONSENT_TRUST is not set (get a trust file: consent trust fetch)"


def registry_from(context: Context) -> Registry:
    """The SDK, set up as `Registry.from_env()` is. Raises ConfigurationError."""
    settings = client_settings(context.environ)
    return Registry(
        settings.address,
        settings.api_key,
        trust=load_trust(settings.trust_path) if settings.trust_path else None,
        transport=context.transport(),
        now=context.now,
        monotonic=context.monotonic,
        sleep=context.sleep,
    )


def local_from(context: Context, *, file: Path | None, online_fallback: bool) -> LocalRegistry:
    """The same on this machine, set up as `Registry.local_from_env()` is. Raises ConfigurationError."""
    settings = client_settings(context.environ)
    return Registry.local(
        settings.address,
        settings.api_key,
        trust=load_trust(settings.trust_path) if settings.trust_path else None,
        file=file,
        online_fallback=online_fallback,
        transport=context.transport,
    )
