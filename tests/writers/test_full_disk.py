"""A full disk is an error worth retrying: nothing half-written stays, and the process ends in good order."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.programs import run_program
from tests.writers import made
from twin.errors import TransientError
from twin.writers.atomic import write_text
from twin.writers.disk import DiskFile

LIMITED = """
    import resource, sys
    from pathlib import Path
    from tests.writers import made
    from twin.errors import TransientError
    folder, failed = Path(sys.argv[1]), 0
    whole = made.write(folder / "whole.h5", 0, 16).stat().st_size
    for limit in range(1, whole + 1, whole // 25):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            made.write(folder / "a.h5", 0, 16)
        except TransientError as error:
            failed += 1
            message = str(error).replace(str(folder), "")
        assert sorted(path.name for path in folder.iterdir()) == ["whole.h5"], limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    again = made.write(folder / "a.h5", 0, 16).read_bytes()
    print(failed, again == (folder / "whole.h5").read_bytes())
    print(message)
"""


def test_a_file_that_may_not_grow_further_fails_cleanly_wherever_the_limit_is(tmp_path: Path) -> None:
    assert run_program(LIMITED, tmp_path) == (
        "26 True\n"
        "/a.h5: the file grew over the limit for one file\n"
        "  try: free some space and run the same command again: what is finished is kept\n"
    )


def test_a_full_disk_fails_cleanly(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting a small tmpfs needs root")
    try:
        with pytest.raises(TransientError, match="the disk is full"):
            made.write(disk / "a.h5", 0, 16)
        assert list(disk.iterdir()) == []
        made.write(disk / "b.h5", 0, 1, ("pose",))
        with pytest.raises(TransientError, match="the disk is full"):
            write_text(disk / "run.json", "x" * 500_000)
        assert [path.name for path in disk.iterdir()] == ["b.h5"]
    finally:
        subprocess.run(["umount", disk], check=True)


def test_after_its_first_fault_a_disk_file_goes_on_in_memory() -> None:
    """/dev/full refuses every write and reads as zeros."""
    file = DiskFile(Path("/dev/full"))
    file.write(b"")
    assert file.fault is None
    for offset, data in ((0, b"abcdef"), (4, b"XYZ"), (100, b"end")):
        file.seek(offset)
        assert file.write(data) == len(data)
    assert isinstance(file.fault, OSError)
    file.seek(2)
    assert file.read(6) == b"cdXYZ\0"
    assert file.seek(0, os.SEEK_END) == 103
    file.close()
    file.close()
