"""The names and types of what may be asked, for editors and type checkers."""

from typing import TypedDict


class Question(TypedDict, total=False):
    """SHAPES "Check": a use, and one of performer, performers, external_id, persona, model, grant.

    What is left out is completed: the widest ask for scope, the key's standing context for territory,
    language, purpose and base model, none for everything sensitive.
    """

    performer: str
    performers: list[str]
    external_id: str
    persona: str
    model: str
    grant: str
    use: str
    modality: str
    purpose: str
    territory: str
    language: str
    base_model: str
    source_material: list[str]
    content_tier: str
    adult_terms: list[str]
    themes: list[str]
    political: bool
    religious: bool
    medical: bool
    endorsement: bool
    commercial: bool
    end_user_scope: str
    end_user_age_assured: bool
    quantity: int
    on_behalf_of: str
