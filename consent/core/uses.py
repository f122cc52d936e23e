"""Uses: what may be done with a voice or a likeness. One entry here makes a use exist.

A use stands in a family of one level (`train.voice` in `train`). A family may stand in grants and
prohibitions, never in requests; in a grant it covers the uses of the grant's own schema version
only, and never one that is *never implied* (DECIDING 3). Modality by use: SHAPES.
"""

from dataclasses import dataclass
from typing import Final

SCHEMA_VERSION: Final = 1  # of grant bodies; a family in a grant of version n covers uses with since <= n


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One use; `modality` is the joined modalities that follow from it, or None: the request says."""

    name: str
    modality: str | None
    since: int = 1
    never_implied: bool = False
    reserved: bool = False

    @property
    def family(self) -> str:
        """The first label: `train` of `train.voice`."""
        return self.name.partition(".")[0]


_VOICE = "voice"
_FACE = "face"
_FACE_BODY = "face+body"
_VIDEO = "face+body+motion"
_PERSONA = "text-persona"

_ALL = (
    Use(name="capture.voice", modality=_VOICE),
    Use(name="capture.face", modality=_FACE),
    Use(name="capture.body", modality="body"),
    Use(name="capture.motion", modality="motion"),
    Use(name="process.biometric-template", modality=None),
    Use(name="train.foundation", modality=None, never_implied=True),
    Use(name="train.voice", modality=_VOICE),
    Use(name="train.singing", modality=_VOICE),
    Use(name="train.likeness", modality=_FACE_BODY),
    Use(name="train.lora", modality=None),
    Use(name="train.motion", modality="motion"),
    Use(name="train.persona", modality=_PERSONA),
    Use(name="train.protective-detector", modality=None),
    Use(name="derive.embedding", modality=None),
    Use(name="derive.dataset", modality=None),
    Use(name="derive.distill", modality=None),
    Use(name="derive.merge", modality=None),
    Use(name="infer.voice", modality=_VOICE),
    Use(name="infer.voice-realtime", modality=_VOICE),
    Use(name="infer.singing", modality=_VOICE),
    Use(name="infer.image", modality=_FACE_BODY),
    Use(name="infer.video", modality=_VIDEO),
    Use(name="infer.video-realtime", modality=_VIDEO),
    Use(name="infer.avatar3d", modality=_FACE_BODY),
    Use(name="infer.chat-persona", modality=_PERSONA, never_implied=True),
    Use(name="edit.alter", modality=_FACE_BODY),
    Use(name="edit.dub", modality=_VOICE),
    Use(name="edit.face-swap", modality=_FACE),
    Use(name="edit.age", modality=_FACE),
    Use(name="edit.undress", modality=_FACE_BODY, never_implied=True),
    Use(name="publish.display", modality=None),
    Use(name="publish.stream", modality=None),
    Use(name="publish.download", modality=None),
    Use(name="publish.ugc", modality=None, never_implied=True),
    # Reserved: other companies are named as recipients, so offers with it are refused (DECIDING 13).
    Use(name="sublicense.grant", modality=None, never_implied=True, reserved=True),
    Use(name="model.share-weights", modality=None),
    Use(name="model.open-weights", modality=None, never_implied=True),
)

USES: Final = {use.name: use for use in _ALL}
FAMILIES: Final = frozenset(use.family for use in _ALL)
NEVER_IMPLIED: Final = frozenset(use.name for use in _ALL if use.never_implied)

# DECIDING 9: languages bind these.
VOICE_USES: Final = frozenset(
    {
        "train.voice",
        "train.singing",
        "infer.voice",
        "infer.voice-realtime",
        "infer.singing",
        "infer.chat-persona",
        "edit.dub",
    }
)
MODEL_MAKING: Final = frozenset({"train", "derive", "model"})  # families bound by base_model
OUTPUT: Final = frozenset({"infer", "edit", "publish"})  # families bound by end_users and obligations


def members(name: str, *, schema: int = SCHEMA_VERSION) -> frozenset[str]:
    """The uses that `name`, a use or a family, may cover in a grant of version `schema`.

    Never-implied and reserved uses are no part of a family. An unknown name covers nothing.
    """
    use = USES.get(name)
    if use is not None:
        return frozenset({name}) if use.since <= schema and not use.reserved else frozenset()
    return frozenset(
        use.name
        for use in _ALL
        if use.family == name and use.since <= schema and not (use.never_implied or use.reserved)
    )


def selects(name: str, use: str) -> bool:
    """Say whether a prohibition that names `name` reaches `use`: a family reaches all, later ones too."""
    return name == use or (name in FAMILIES and use.partition(".")[0] == name)
