"""Wire types of `POST /v1/statements`: any performer's signed statement, and what it did."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

KINDS = (
    "grant", "confirmation", "rescission", "limits", "revocation",
    "cancellation", "suspension", "resumption", "credential",
)  # fmt: skip


class Statement(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A signed body (SPEC "Signature envelope"). The bytes that were signed are the body's RFC 8785 form."""

    body: Annotated[
        dict[str, Any],
        Meta(
            description="The statement itself; `schema` names its kind and version.",
            extra_json_schema={
                "required": ["schema", "id", "livemode", "nonce"],
                "properties": {
                    "schema": {"enum": [f"consent-registry/{kind}/v1" for kind in KINDS]},
                    "id": {"type": "string"},
                    "livemode": {"type": "boolean"},
                    "nonce": {"type": "string"},
                },
            },
        ),
    ]
    signatures: Annotated[
        list[
            Annotated[
                dict[str, Any],
                Meta(
                    extra_json_schema={
                        "required": ["role", "method"],
                        "properties": {
                            "role": {"enum": ["performer", "representative"]},
                            "method": {"enum": ["ed25519", "webauthn"]},
                        },
                    }
                ),
            ]
        ],
        Meta(min_length=1, max_length=8),
    ]


class Accepted(msgspec.Struct, kw_only=True):
    """What the statement did. `enforced_at`: every check sent after this answer sees it."""

    id: str
    livemode: bool
    kind: str
    state: str
    committed: str
    grant: str | UnsetType = UNSET
    enforced_at: str | None = None
    acknowledgement: str | None = None
    active_from: str | UnsetType = UNSET
