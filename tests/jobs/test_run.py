"""A folder holds one run: going on with it is easy, mixing another one into it is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.jobs import made
from tests.jobs.made import fill
from tests.programs import run_program, start_program
from twin.cpu import cpu_family, family_of
from twin.errors import RunError
from twin.jobs.run import DECIDING, open_run, plan_run, read_run


def refusal(folder: Path, call: object) -> str:
    with pytest.raises(RunError) as caught:
        call()  # type: ignore[operator]
    return str(caught.value).replace(str(folder), "OUT")


def test_run_json_says_what_made_the_dataset(tmp_path: Path) -> None:
    made.run(tmp_path, 20)
    data = json.loads((tmp_path / "run.json").read_text())
    assert data["format"] == "twin.run"
    assert (data["digest"], data["seed"], data["shard_size"]) == ("d" * 64, 5, 8)
    assert data["spec"] == made.IDENTITY.spec
    assert (data["cpu"], data["conventions"]) == (cpu_family(), 1)
    assert sorted(data["libraries"]) == sorted([*DECIDING, "h5py", "hdf5", "python"])
    assert read_run(tmp_path) == (made.IDENTITY, 8)


def test_going_on_keeps_the_first_shard_size(tmp_path: Path) -> None:
    first = made.run(tmp_path, 20)
    before = first.paths.run.read_bytes()
    assert made.run(tmp_path, 50_000, None).plan.shard_size == 8
    assert first.paths.run.read_bytes() == before
    assert plan_run(tmp_path, 50_000).shard_size == 8
    assert plan_run(tmp_path / "new", 16).shard_size == 32
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "digest",
            "e" * 64,
            "OUT: the folder holds a run with another scene digest: 'dddddddddddddddd…'\n"
            "  expected: 'eeeeeeeeeeeeeeee…', as asked for now\n"
            "  try: --out another folder, or the scene and seed that made this one",
        ),
        (
            "seed",
            6,
            "OUT: the folder holds a run with another seed: 5\n"
            "  expected: 6, as asked for now\n"
            "  try: --out another folder, or the scene and seed that made this one",
        ),
        (
            "engine_version",
            "blank 2",
            "OUT: the folder holds a run with another engine version: 'blank 1'\n"
            "  expected: 'blank 2', as asked for now\n"
            "  try: --out another folder, or install the versions that made this one",
        ),
        (
            "cpu",
            "x86_64 GenuineIntel 6 avx2",
            f"OUT: the folder holds a run with another CPU family: {cpu_family()!r}\n"
            "  expected: 'x86_64 GenuineIntel 6 avx2', as asked for now\n"
            "  try: --out another folder, or go on with the run on the machines that started it",
        ),
        (
            "source",
            "f" * 64,
            "OUT: the folder holds a run with another source of states: ''\n"
            "  expected: 'ffffffffffffffff…', as asked for now\n"
            "  try: --out another folder, or the scene and seed that made this one",
        ),
    ],
)
def test_another_run_is_refused_with_both_named(tmp_path: Path, name: str, value: object, message: str) -> None:
    fill(tmp_path, 3)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert refusal(tmp_path, lambda: made.run(tmp_path, 3, None, **{name: value})) == message
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_scene_name_and_what_decides_no_value_may_differ(tmp_path: Path) -> None:
    made.run(tmp_path, 3)
    other = {**made.IDENTITY.libraries, "python": "9", "h5py": "9", "hdf5": "9"}
    assert made.run(tmp_path, 3, libraries=other, scene="renamed").identity.scene == "tabletop"


@pytest.mark.parametrize("name", DECIDING)
def test_another_version_of_what_decides_values_is_refused(tmp_path: Path, name: str) -> None:
    made.run(tmp_path, 3)
    ours = made.IDENTITY.libraries[name]
    assert refusal(tmp_path, lambda: made.run(tmp_path, 3, libraries={**made.IDENTITY.libraries, name: "0.1"})) == (
        f"OUT: the folder holds a run made with {name} {ours}\n"
        "  expected: 0.1, which is installed here\n"
        "  try: --out another folder, or install the version that made this one"
    )
    absent = {key: value for key, value in made.IDENTITY.libraries.items() if key != name}
    assert "expected: none, which" in refusal(tmp_path, lambda: made.run(tmp_path, 3, libraries=absent))


def test_versions_are_known_without_importing_what_is_heavy() -> None:
    program = """
        import sys
        from twin.jobs.run import DECIDING, Identity
        made = Identity("s", {}, "d", 0, "blank", "1", "0.1.0")
        heavy = {"pxr", "mitsuba", "drjit", "mujoco", "trimesh", "scipy", "coacd", "PIL"}
        print(sorted(heavy & set(sys.modules)), all(made.libraries[name] for name in DECIDING))
    """
    assert run_program(program) == "[] True\n"


def test_the_order_of_the_spec_is_kept(tmp_path: Path) -> None:
    spec = {"objects": {"zebra": {"b": 1, "a": 2}, "apple": {}}, "cameras": {"wrist": {}, "front": {}}}
    made.run(tmp_path, 3, spec=spec)
    assert json.dumps(read_run(tmp_path)[0].spec) == json.dumps(spec)


def test_other_refusals_say_what_to_do(tmp_path: Path) -> None:
    made.run(tmp_path / "a", 3)
    assert refusal(tmp_path, lambda: made.run(tmp_path / "a", 3, 16)) == (
        "OUT/a: the shards of this folder hold 8 frames, not 16\n  try: leave --shard-size out"
    )
    (tmp_path / "file").write_text("")
    assert refusal(tmp_path, lambda: made.run(tmp_path / "file", 3)) == (
        "OUT/file: the folder cannot be written to (File exists)\n  try: --out another folder"
    )
    (tmp_path / "stray").mkdir()
    (tmp_path / "stray/shard-000003.h5").write_text("")
    assert refusal(tmp_path, lambda: made.run(tmp_path / "stray", 3)) == (
        "OUT/stray: the folder holds shards but no run.json: shard-000003.h5\n"
        "  try: --out another folder, or move them away"
    )
    (tmp_path / "a/run.json").write_text('{"format": "twin.run", "version": 2}')
    assert refusal(tmp_path, lambda: made.run(tmp_path / "a", 3)) == (
        "OUT/a/run.json: this is format 'twin.run', version 2\n"
        "  expected: format 'twin.run', version 1\n"
        "  try: a newer twin reads it"
    )
    assert refusal(tmp_path, lambda: read_run(tmp_path / "none")) == (
        "OUT/none: there is no dataset here\n  expected: a folder with run.json"
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "twin.run", "version": 1}', "[" * 100_000])
def test_damaged_run_records_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    assert refusal(tmp_path, lambda: made.run(tmp_path, 3)).startswith("OUT/run.json: this is no run record of twin (")


def test_processes_that_start_together_agree_on_one_run(tmp_path: Path) -> None:
    program = """
        import sys
        from pathlib import Path
        from tests.jobs import made
        print(made.run(Path(sys.argv[1]) / "out", 20, int(sys.argv[2]) or None).plan.shard_size)
    """
    processes = [start_program(program, tmp_path, 0) for _ in range(4)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [output for output, _ in outputs] == ["32\n"] * 4, outputs
    assert open_run(tmp_path / "out", made.IDENTITY, 20).plan.shard_size == 32


def test_cpu_family_names_what_decides_rounding() -> None:
    intel = (
        "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nflags\t\t: fpu avx avx2 sse4_2\n\nprocessor\t: 1\n"
    )
    assert family_of("x86_64", intel) == "x86_64 GenuineIntel 6 avx2"
    assert family_of("x86_64", intel.replace("fpu", "avx512f")) == "x86_64 GenuineIntel 6 avx512f"
    arm = "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\n\n"
    assert family_of("aarch64", arm) == "aarch64 0x41 8 asimd"
    assert family_of("x86_64", "") == "x86_64"
