"""COSE keys as WebAuthn stores them (SPEC §2.3; RFC 9052 §7, RFC 9053 §2 and §7, RFC 8230 §4).

WebAuthn L3 §6.5.1: the key MUST carry `alg` and no other optional parameter, in CTAP2 canonical CBOR.
So each key has exactly one encoding and `to_cose(from_cose(data)) == data`, else it is refused.
"""

from typing import Literal, TypeAlias

from signing import cbor
from signing.errors import MalformedError

Alg: TypeAlias = Literal["EdDSA", "ES256", "RS256"]

# RFC 9053 §7.1 and RFC 8230 §4: labels of a COSE_Key.
_KTY, _ALG = 1, 3
_CRV, _X, _Y = -1, -2, -3
_N, _E = -1, -2
_OKP, _EC2, _RSA = 1, 2, 3
_ED25519, _P256 = 6, 1
_EDDSA, _ES256, _RS256 = -8, -7, -257


def parse_cose_key(data: bytes) -> tuple[Alg, tuple[bytes, ...]]:
    """Algorithm and numbers of a COSE key: (x,) for EdDSA, (x, y) for ES256, (n, e) for RS256.

    Raises:
        MalformedError: not a COSE key, an algorithm that we do not accept, or not its canonical encoding.
    """
    key = cbor.decode(data)
    if not isinstance(key, dict):
        raise MalformedError("COSE key is not a map", rule="cose_key")
    alg: Alg
    parts: tuple[bytes, ...]
    match key:
        case {1: 1, 3: -8, -1: 6, -2: bytes(x)}:
            alg, parts = "EdDSA", (x,)
        case {1: 2, 3: -7, -1: 1, -2: bytes(x), -3: bytes(y)}:
            alg, parts = "ES256", (x, y)
        case {1: 3, 3: -257, -1: bytes(n), -2: bytes(e)}:
            alg, parts = "RS256", (n, e)
        case _:
            raise MalformedError(
                f"COSE key type {key.get(_KTY)!r:.20}, algorithm {key.get(_ALG)!r:.20} is not accepted",
                rule="cose_key",
                expected="EdDSA on Ed25519, ES256 on P-256 with both coordinates, or RS256",
            )
    if format_cose_key(alg, parts) != data:  # another member, another order
        raise MalformedError("COSE key is not in its canonical encoding", rule="cose_key")
    return alg, parts


def format_cose_key(alg: Alg, parts: tuple[bytes, ...]) -> bytes:
    """The CTAP2 canonical COSE key of an algorithm's numbers."""
    match alg:
        case "EdDSA":
            return cbor.encode({_KTY: _OKP, _ALG: _EDDSA, _CRV: _ED25519, _X: parts[0]})
        case "ES256":
            return cbor.encode({_KTY: _EC2, _ALG: _ES256, _CRV: _P256, _X: parts[0], _Y: parts[1]})
        case "RS256":
            return cbor.encode({_KTY: _RSA, _ALG: _RS256, _N: parts[0], _E: parts[1]})
