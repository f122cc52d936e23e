"""Uploaded files are read once, for their digest, and kept nowhere: not in memory, not in a file for a moment."""

import hashlib
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class DigestedFile(UploadedFile):  # type: ignore[type-arg]  # generic in the stubs only
    """What is left of an uploaded file: its size, and its SHA-256 in hex. Its name is forgotten too."""

    def __init__(self, *, size: int, sha256: str) -> None:
        super().__init__(name="file", size=size)
        self.sha256 = sha256


class DigestOnly(FileUploadHandler):
    """The one upload handler of the server (FILE_UPLOAD_HANDLERS)."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file begins."""
        super().new_file(*args, **kwargs)
        self._digest = hashlib.sha256()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Some of its bytes; they go no further."""
        self._digest.update(raw_data)

    def file_complete(self, file_size: int) -> DigestedFile:
        """The file ended."""
        return DigestedFile(size=file_size, sha256=self._digest.hexdigest())
