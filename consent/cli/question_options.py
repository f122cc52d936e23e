"""The options that say what is asked, one per member of a question."""

import argparse

from consent.client.asking import MEMBERS, Kind
from consent.client.errors import ConfigurationError

_HELP = {
    "performer": "whose voice or likeness: prf_…, or your own external id",
    "performers": "a further performer of the same scene; repeat it; all must allow",
    "external_id": "your own name for the performer",
    "persona": "per_…: every performer behind the persona must allow",
    "model": "mdl_…: every performer behind the model must allow",
    "grant": "grt_…: ask of this one grant",
    "use": "what for, such as train.voice or infer.voice (required)",
    "modality": "voice, face, …; only for the uses that name none",
    "purpose": "such as audiobook or entertainment.game",
    "territory": "ISO 3166, such as DE or US-CA, or WORLD",
    "language": "BCP 47, such as de or pt-BR",
    "base_model": "the model that is trained: sha256:…, a URI or a name",
    "source_material": "SHA-256 in hex of a source recording; repeat it",
    "content_tier": "general, suggestive, nudity, explicit-solo or explicit-partnered",
    "adult_terms": "an adult term; repeat it",
    "themes": "a theme that the output shows; repeat it",
    "political": "the output is political",
    "religious": "the output is religious",
    "medical": "the output makes medical claims",
    "endorsement": "the output endorses something",
    "commercial": "whether the use is commercial (default: yes)",
    "end_user_scope": "internal, identified_customers or public (default: public)",
    "end_user_age_assured": "every end user is known to be an adult",
    "quantity": "number of outputs that are asked for (default: 1)",
    "on_behalf_of": "org_…: you act as host or processor of this licensee",
}


def add_question_options(parser: argparse.ArgumentParser) -> None:
    """Add `--performer`, `--use` and the others to a parser."""
    group = parser.add_argument_group("what is asked")
    for name, kind in MEMBERS.items():
        flag = "--" + name.replace("_", "-")
        about = _HELP[name]
        match kind:
            case Kind.FLAG:
                group.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=about)
            case Kind.COUNT:
                group.add_argument(flag, type=int, metavar="N", help=about)
            case Kind.LIST:
                group.add_argument(flag, action="append", metavar="WORD", help=about)
            case Kind.TEXT:
                group.add_argument(flag, metavar="WORD", help=about)


def question_of(args: argparse.Namespace) -> dict[str, object]:
    """The members that were given."""
    given = {name: getattr(args, name) for name in MEMBERS}
    return {name: value for name, value in given.items() if value is not None}


def assignment(text: str, option: str) -> tuple[str, str]:
    """`name=value`, the name with dashes or underscores. Raises ConfigurationError for anything else."""
    name, equals, value = text.partition("=")
    name = name.strip().replace("-", "_")
    if not equals or name not in MEMBERS or not value:
        raise ConfigurationError(
            f"{option}: expected member=value with one of {', '.join(MEMBERS)}; got {text[:60]!a}"
        )
    return name, value
