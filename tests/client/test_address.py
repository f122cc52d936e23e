"""The address a key may be sent to."""

import pytest

from consent.client.address import registry_address
from consent.client.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://registry.example", "https://registry.example"),
        ("https://registry.example/", "https://registry.example"),
        ("https://registry.example:8443/base/", "https://registry.example:8443/base"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://sign.localhost:8000", "http://sign.localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.8.8.8", "http://127.8.8.8"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_https_anywhere_and_http_to_this_machine(text: str, address: str) -> None:
    assert registry_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "registry.example",
        "ftp://registry.example",
        "file:///etc/passwd",
        "http://registry.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "http://169.254.169.254",
        "http://2130706433",
        "https://user:secret@registry.example",
        "http://localhost@evil.example",
        "https://registry.example?x=1",
        "https://registry.example#x",
        "https://registry.example\\@evil.example",
        "https://registry.example\r\nX: y",
        "https://registry .example",
        "https://regıstry.example",
        "https://[::1",
        "https://registry.example:port",
        "https://",
    ],
)
def test_any_other_address_is_refused_without_printing_a_password(text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected") as refused:
        registry_address(text)
    assert "secret" not in str(refused.value)
