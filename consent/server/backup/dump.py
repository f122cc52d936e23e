"""The database's part of a backup: PostgreSQL's own programs, over pipes."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

from consent.server.backup.errors import BackupError
from consent.server.backup.programs import Program, program_environment
from consent.server.settings.database import DatabaseSettings

PIPE_BYTES = 1 << 20
LOCK_WAIT_MS = 30_000  # a migration may hold a table; a backup that waits longer is tried again


def dumped(database: DatabaseSettings, *, program: Program, snapshot: str) -> Iterator[bytes]:
    """pg_dump's custom format of the exported `snapshot`, piece by piece.

    Raises:
        BackupError: pg_dump failed; with what it said.
    """
    arguments = [program.path, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
    arguments += [f"--lock-wait-timeout={LOCK_WAIT_MS}", "--no-password"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603  # a program by full path
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            env=program_environment(database),
        )
        try:
            while process.stdout is not None and (piece := process.stdout.read(PIPE_BYTES)):
                yield piece
        except BaseException:
            process.kill()
            raise
        finally:
            _end(process, process.stdout)
        _require_success(process, program, said)


def restored(database: DatabaseSettings, blocks: Iterable[bytes], *, program: Program) -> None:
    """Run `blocks`, a custom-format dump, into an empty database: one transaction, all or nothing.

    Raises:
        BackupError: pg_restore failed; nothing was kept.
    """
    arguments = [program.path, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    arguments += [f"--dbname={database.name}", "--no-password"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603  # a program by full path
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=program_environment(database),
        )
        try:
            for block in blocks:
                _feed(process, block)
        except BrokenPipeError:
            pass  # it ended early: its status and its words say why
        except BaseException:
            # The dump was not whole: the program must see no end of file, at which it would commit.
            process.kill()
            raise
        finally:
            _end(process, process.stdin)
        _require_success(process, program, said)


def _feed(process: subprocess.Popen[bytes], block: bytes) -> None:
    if process.stdin is not None:
        process.stdin.write(block)


def _end(process: subprocess.Popen[bytes], pipe: IO[bytes] | None) -> None:
    with contextlib.suppress(BrokenPipeError):
        if pipe is not None:
            pipe.close()
    process.wait()


def _require_success(process: subprocess.Popen[bytes], program: Program, said: IO[bytes]) -> None:
    if process.returncode != 0:
        said.seek(0)
        words = said.read().decode("utf-8", "replace").strip()[-800:]
        raise BackupError(f"{program.path} failed (status {process.returncode}): {words}")
