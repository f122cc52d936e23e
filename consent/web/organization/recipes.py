"""The cards that a request form offers for each consent text: what producers ask for most.

A card is one line of the terms. What every card of a form shares (purposes, places, languages, …) is asked
once; whatever needs more than this is written as JSON.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_noop


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One line that a form can switch on.

    `modalities` are those of uses that name none; `counted`: a number of results must be given.
    """

    id: str
    title: str
    uses: tuple[str, ...]
    initials: bool = False
    modalities: tuple[str, ...] = ()
    counted: bool = False
    age_assured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The cards of one consent text."""

    template: str
    title: str
    words: str
    cards: tuple[Card, ...]


def _shown(*modalities: str) -> Card:
    return Card(
        id="publish",
        title=gettext_noop("Show the results to people, stream them, let people keep them"),
        uses=("publish.display", "publish.download", "publish.stream"),
        modalities=modalities,
        counted=True,
    )


_COPY_VOICE: Final = Card(id="train", title=gettext_noop("Make a copy of the voice"), uses=("train.voice",))

RECIPES: Final = {
    recipe.template: recipe
    for recipe in (
        Recipe(
            template="voice-clone",
            title=gettext_noop("A copy of a voice"),
            words=gettext_noop("Train a voice model and let it speak or sing."),
            cards=(
                _COPY_VOICE,
                Card(id="speak", title=gettext_noop("Let the copy speak"), uses=("infer.voice",)),
                Card(
                    id="live", title=gettext_noop("Let the copy speak live"), uses=("infer.voice-realtime",)
                ),
                Card(
                    id="train-singing",
                    title=gettext_noop("Make a copy of the singing"),
                    uses=("train.singing",),
                ),
                Card(id="sing", title=gettext_noop("Let the copy sing"), uses=("infer.singing",)),
                _shown("voice"),
            ),
        ),
        Recipe(
            template="likeness",
            title=gettext_noop("How somebody looks"),
            words=gettext_noop("Train an image model and make pictures or films."),
            cards=(
                Card(
                    id="train", title=gettext_noop("Make a copy of how they look"), uses=("train.likeness",)
                ),
                Card(id="pictures", title=gettext_noop("Make new pictures"), uses=("infer.image",)),
                Card(id="films", title=gettext_noop("Make new films"), uses=("infer.video",)),
                Card(id="figure", title=gettext_noop("Make a 3D figure"), uses=("infer.avatar3d",)),
                Card(id="change", title=gettext_noop("Change real pictures or films"), uses=("edit.alter",)),
                _shown("face", "body", "motion"),
            ),
        ),
        Recipe(
            template="persona",
            title=gettext_noop("A chat persona"),
            words=gettext_noop("Let people chat with a copy of somebody."),
            cards=(
                Card(
                    id="train",
                    title=gettext_noop("Make a copy of how they talk and think"),
                    uses=("train.persona",),
                ),
                Card(
                    id="chat",
                    title=gettext_noop("Let adults chat with the copy"),
                    uses=("infer.chat-persona",),
                    initials=True,
                    age_assured=True,
                ),
                _shown("text-persona"),
            ),
        ),
        Recipe(
            template="dubbing",
            title=gettext_noop("Dubbing"),
            words=gettext_noop("Put other words or another language into real recordings."),
            cards=(
                Card(id="dub", title=gettext_noop("Dub real recordings"), uses=("edit.dub",)),
                _COPY_VOICE,
                _shown("voice"),
            ),
        ),
    )
}
