"""What stands in for evidence on the test side, where nobody is real: the examiner's own note of the check."""

from signing.canonical import canonicalize, sha256_hex


def examiners_note(*, credential: str, examiner: str, method: str) -> str:
    """The SHA-256 of a note that says whose key (`cre_…`) was looked at by whom and how, in hex."""
    return sha256_hex(canonicalize({"credential": credential, "examiner": examiner, "method": method}))
