"""The one table of problems: code → HTTP status, title, and what to do about it.

Codes are stable; titles and advice may change. `/docs/problems/<code>` is rendered from this table. A code
that is not in it is answered as a plain 500 without detail.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemKind:
    """One kind of problem; `advice` is for the developer who got it, one or two sentences."""

    code: str
    status: int
    title: str
    advice: str

    @property
    def slug(self) -> str:
        """How the code is written in a URL."""
        return self.code.replace("_", "-")


_MALFORMED = (
    (
        "json_invalid",
        400,
        "The body is not strict JSON",
        "Send one I-JSON document: no duplicates, no floats.",
    ),
    ("body_missing", 400, "A body is needed", "Send a JSON object with Content-Type: application/json."),
    ("member_unknown", 400, "A member is not documented", "Remove it, or look up how it is spelled."),
    ("member_missing", 400, "A required member is missing", "Add the member that the pointer names."),
    ("type_invalid", 400, "A member has the wrong type", "See the API reference for the member's type."),
    ("value_invalid", 400, "A member has a value that is not accepted", "See the reference for its form."),
    (
        "batch_size_invalid",
        400,
        "The batch is empty or too large",
        "Send 1 to 10,000 rows, naming at most 40,000 performers.",
    ),
    ("row_id_invalid", 400, "A row has no usable id", "Give each row an id of 1 to 128 characters."),
    ("row_id_repeated", 400, "Two rows have one id", "Give each row an id of its own."),
    (
        "parameter_invalid",
        400,
        "A query parameter is not accepted",
        "See the reference for the list's filters.",
    ),
    ("cursor_invalid", 400, "The cursor is not one of this list", "Start again without a cursor."),
    ("page_invalid", 400, "The page is none of this caller's", "Begin a new snapshot: ask without it."),
    ("header_invalid", 400, "A header is malformed", "See the reference for the header's form."),
    (
        "idempotency_key_missing",
        400,
        "This call needs an Idempotency-Key",
        "Send a fresh random key a request.",
    ),
    ("invalid", 400, "The request breaks a rule", "The errors name the member and the rule."),
    ("statement_invalid", 400, "The statement is malformed", "The pointer names the member; see SPEC."),
    (
        "offer_invalid",
        400,
        "The terms cannot be offered",
        "Each error names a member and what it must state.",
    ),
    (
        "description_language_missing",
        400,
        "A text is missing in a language",
        "Add the text in that language.",
    ),
    (
        "body_mismatch",
        400,
        "The signed bytes are not those prepared",
        "Sign exactly the body that was answered.",
    ),
    ("livemode_mismatch", 400, "A test object met a live one", "Use a key and objects of the same side."),
    (
        "signature_invalid",
        400,
        "The signature does not verify",
        "Sign the body's RFC 8785 bytes with the named key.",
    ),
)
_QUESTION = (
    (
        "selector_missing",
        400,
        "The question names nobody",
        "Send performer, performers, persona, model or grant.",
    ),
    ("selector_conflict", 400, "The question has two selectors", "Send exactly one of them."),
    ("reference_invalid", 400, "A reference is malformed", "Send an id as it was given, or external_id:…"),
    ("use_invalid", 400, "The use is not a word", "Send one use of the vocabulary, such as train.voice."),
    ("use_is_a_family", 400, "The use is a family of uses", "Name one use of it, such as train.voice."),
    (
        "territory_invalid",
        400,
        "The territory is not one of ISO 3166",
        "Send DE, US-CA or WORLD; EU is not one.",
    ),
    ("language_invalid", 400, "Language is not a BCP 47 tag", "Send a tag such as de or pt-BR."),
    ("purpose_invalid", 400, "The purpose is not a word", "Send one purpose of the vocabulary."),
    (
        "base_model_invalid",
        400,
        "The base model is malformed",
        "Send sha256:…, a URI, or a name without spaces.",
    ),
    ("content_tier_invalid", 400, "The content tier is not a word", "Send one tier of the vocabulary."),
    (
        "end_user_scope_invalid",
        400,
        "The scope is not a word",
        "Send internal, identified_customers or public.",
    ),
    ("modality_invalid", 400, "The modality is not a word", "Leave it out where the use names one."),
    ("modality_differs", 400, "The modality is not the use's", "Leave it out: it follows from the use."),
    ("adult_terms_invalid", 400, "An adult term is not a word", "Send terms of the vocabulary."),
    ("themes_invalid", 400, "A theme is not a word", "Send themes of the vocabulary."),
    ("source_material_invalid", 400, "A digest is malformed", "Send SHA-256 in lower-case hex."),
    ("quantity_invalid", 400, "The quantity is out of range", "Send a whole number of outputs, at least 1."),
    ("list_empty", 400, "A list is empty", "Leave an empty list out."),
    ("list_too_long", 400, "A list is too long", "The error says how many members it may have."),
)
_ACCESS = (
    ("unauthenticated", 401, "Nobody is named", "Send Authorization: Bearer crk_… or Performer and a proof."),
    ("key_invalid", 401, "The API key is not valid", "It is unknown, expired or revoked. Make another."),
    (
        "proof_invalid",
        401,
        "The proof of possession is not valid",
        "Sign htm, htu, iat and jti afresh each time.",
    ),
    ("proof_replayed", 401, "The proof was used before", "Make a new proof with a new jti."),
    ("scope_missing", 403, "The key may not do this", "Use a key that has the scope the error names."),
    ("refused", 403, "This actor may not do it now", "The detail says why."),
    ("credential_unknown", 403, "The key is not this performer's", "Sign with an enrolled key."),
    (
        "credential_blocked",
        403,
        "The key was switched off or awaits identity",
        "Use another, or finish the check.",
    ),
    (
        "credential_waiting",
        403,
        "The key is younger than 72 hours",
        "It can end consent now, and grant it later.",
    ),
    (
        "signing_method_insufficient",
        403,
        "These terms need a passkey",
        "Sign with a passkey on the signing origin.",
    ),
    (
        "identity_missing",
        403,
        "Nobody verified this performer as an adult",
        "Finish the identity check first.",
    ),
    ("identity_stale", 403, "The identity check is too old", "Repeat the identity check."),
    ("too_early", 403, "A waiting time has not passed", "The detail says from when."),
    ("too_late", 403, "A time limit has passed", "The detail says since when."),
    ("not_holder", 403, "Only who suspended may resume", "Ask the holder of the suspension."),
    ("last_owner", 403, "An organization keeps one owner", "Add another owner first."),
    ("not_found", 404, "There is no such thing, or it is not yours", "The two answer alike."),
    (
        "host_unknown",
        421,
        "This registry does not go by that name",
        "Use the address that the registry publishes; its proxy must pass the Host header on.",
    ),
    ("method_not_allowed", 405, "The method is not offered here", "The Allow header lists the methods."),
    (
        "not_acceptable",
        406,
        "No acceptable representation",
        "Accept application/json (lists: also text/csv).",
    ),
    ("record_destroyed", 410, "It was erased", "Nobody can read it again; its proofs go on verifying."),
    ("body_too_large", 413, "The body is too large", "See the reference for each call's limit."),
    ("content_type_unsupported", 415, "The body's type is not supported", "Send plain application/json."),
    ("rate_limited", 429, "Too many requests", "Come back after Retry-After."),
    (
        "quota_exceeded",
        429,
        "The key's quota of the day is used up",
        "Nothing was decided. A new day begins at midnight UTC; or raise the key's quota.",
    ),
)
_STATE = (
    ("conflict", 409, "Somebody else was faster", "Read the object again."),
    ("state_conflict", 409, "The object is in another state", "Read the object again."),
    ("already_ended", 409, "The grant has ended", "Ending is final; a new consent is a new offer."),
    ("on_legal_hold", 409, "It has to be kept for now", "End consents; erase when the hold has ended."),
    (
        "statement_conflict",
        409,
        "The statement id was used for other bytes",
        "Make a statement with a new id.",
    ),
    ("nonce_spent", 409, "The nonce was used", "Use a fresh random nonce."),
    (
        "preparation_spent",
        409,
        "The prepared body can no longer be signed",
        "Prepare again and sign that body.",
    ),
    ("invitation_spent", 409, "The code does not open anything", "Ask whoever invited you for a new one."),
    ("link_spent", 409, "The link does not open anything any more", "Ask for a new link."),
    ("recovery_code_spent", 409, "The recovery code does not work", "Ask for a mailed link instead."),
    ("external_id_taken", 409, "The external id names another performer", "Choose another external id."),
    ("credential_taken", 409, "The key is enrolled already", "Make a new key."),
    ("exclusivity_conflict", 409, "An exclusive grant stands against it", "End that grant first."),
    (
        "limits_version_conflict",
        409,
        "The limits changed meanwhile",
        "Read them and follow the last version.",
    ),
    ("counter_exhausted", 409, "A counted limit would be exceeded", "Ask for less, or for a new grant."),
    (
        "position_invalid",
        409,
        "The position is of another registry or side",
        "Drop it, or ask where it is from.",
    ),
    ("position_conflict", 409, "The position is not in this history", "Ask again, or drop the position."),
    ("idempotency_running", 409, "The same request is being worked on", "Ask again after Retry-After."),
    ("idempotency_mismatch", 422, "The key was used for another request", "Use a fresh Idempotency-Key."),
)
_FAILURE = (
    (
        "internal",
        500,
        "The registry made a mistake",
        "Nothing was decided. Tell the operator the request id.",
    ),
    ("past_not_served", 501, "Only the newest list is served", "Ask without `time`; see the list's own iat."),
    ("unavailable", 503, "Nothing can be said now", "Come back after Retry-After."),
    ("stale", 503, "The registry cannot see its present state", "Nothing was decided. Come back."),
    ("rolled_back", 503, "The database is behind what was acknowledged", "The operator must restore it."),
    ("commit_unknown", 503, "Whether it was recorded is unknown", "Send the same request again."),
    (
        "unsafe_database",
        503,
        "This database may not answer",
        "It is a standby, or unsafe. Tell the operator.",
    ),
    ("not_initialised", 503, "This side of the registry is not set up", "Tell the operator."),
    ("guard_unavailable", 503, "The rollback guard cannot be read", "Come back after Retry-After."),
    ("store_unavailable", 503, "The object store cannot be used", "Come back after Retry-After."),
    ("key_store_unavailable", 503, "The key store cannot be used", "Come back after Retry-After."),
    ("ledger", 503, "The decision could not be kept", "Nothing was decided. Come back."),
)

KINDS: dict[str, ProblemKind] = {
    code: ProblemKind(code=code, status=status, title=title, advice=advice)
    for code, status, title, advice in (*_MALFORMED, *_QUESTION, *_ACCESS, *_STATE, *_FAILURE)
}
# What a question can be refused for before anybody decides it.
QUESTION_CODES = tuple(row[0] for row in _QUESTION)
