"""Primitives are exact."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from tests.assets.solids import check_part, euler, hausdorff, hull_volume, open_edges, volume, welded
from tests.programs import run_program
from twin.assets.asset import Asset
from twin.assets.library import Library
from twin.assets.primitives import Box, Cylinder, Sphere
from twin.conventions import apply, rotation_axis
from twin.seeds import Bits

NO_BITS = Bits(0, 0, "x")


def test_a_box_is_twelve_triangles_of_its_exact_size(library: Library) -> None:
    asset = Box(kind="box", size=(0.1, 0.2, 0.3)).build(library, NO_BITS)
    points, faces = welded(asset.parts)
    assert len(faces) == 12 and open_edges(faces) == 0 and euler(points, faces) == 2
    assert volume(points, faces) == pytest.approx(0.006, rel=1e-6)
    assert (asset.extent == np.array([[-0.05, -0.1, 0.0], [0.05, 0.1, 0.3]], dtype=np.float32)).all()
    assert hull_volume(asset) == pytest.approx(0.006, rel=1e-6)
    assert asset.parts[0].normals is None, "edges are sharp"
    check_part(asset.parts[0])


@pytest.mark.parametrize(("size", "count"), [((0.1, 0.2, 0.3), 3), ((0.1, 0.1, 0.3), 7), ((0.1, 0.1, 0.1), 23)])
def test_a_box_has_the_symmetries_of_its_sides(size: tuple[float, float, float], count: int, library: Library) -> None:
    asset = Box(kind="box", size=size).build(library, NO_BITS)
    points, _ = welded(asset.parts)
    assert len(asset.symmetries.discrete) == count
    for T in asset.symmetries.discrete:
        assert np.allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3)) and np.linalg.det(T[:3, :3]) == pytest.approx(1)
        assert hausdorff(points, apply(T, points)) < 1e-7


def test_a_sphere_lies_on_the_exact_sphere(library: Library) -> None:
    asset = Sphere(kind="sphere", radius=0.05, segments=100).build(library, NO_BITS)
    points, faces = welded(asset.parts)
    assert open_edges(faces) == 0 and euler(points, faces) == 2
    assert np.abs(np.linalg.norm(points - [0, 0, 0.05], axis=1) - 0.05).max() < 1e-7
    assert volume(points, faces) == pytest.approx(4 / 3 * np.pi * 0.05**3, rel=2e-3)
    normals = np.concatenate([part.normals for part in asset.parts if part.normals is not None])
    radial = (np.concatenate([part.points for part in asset.parts]) - [0, 0, 0.05]) / 0.05
    assert (normals * radial).sum(axis=1).min() > 0.9995
    for axis, offset in asset.symmetries.continuous:
        turned = (points - offset) @ rotation_axis(axis, 0.7).T + offset
        assert np.abs(np.linalg.norm(turned - [0, 0, 0.05], axis=1) - 0.05).max() < 1e-7
    check_part(asset.parts[0])


@pytest.mark.parametrize(("segments", "triangles"), [(32, 960), (1002, 1002000)])
def test_a_sphere_has_as_many_triangles_as_wanted(segments: int, triangles: int, library: Library) -> None:
    (part,) = Sphere(kind="sphere", segments=segments).build(library, NO_BITS).parts
    assert len(part.faces) == triangles


def test_a_cylinder_is_exact_and_sharp(library: Library) -> None:
    asset = Cylinder(kind="cylinder", radius=0.001, height=0.5, segments=48).build(library, NO_BITS)
    points, faces = welded(asset.parts)
    assert open_edges(faces) == 0 and euler(points, faces) == 2
    prism = 48 / 2 * np.sin(2 * np.pi / 48) * 0.001**2 * 0.5
    assert volume(points, faces) == pytest.approx(prism, rel=1e-4)
    rim = points[np.hypot(points[:, 0], points[:, 1]) > 1e-6]
    assert np.abs(np.hypot(rim[:, 0], rim[:, 1]) - 0.001).max() < 1e-7
    by_name = {part.name: part for part in asset.parts}
    for name, z in (("top", 1), ("bottom", -1)):
        normals = by_name[name].normals
        assert normals is not None and np.allclose(normals, [0, 0, z])
    (flip,) = asset.symmetries.discrete
    assert hausdorff(points, apply(flip, points)) < 1e-6
    for part in asset.parts:
        check_part(part)


def test_density_and_color_go_into_the_asset(library: Library) -> None:
    asset = Box(kind="box", color=(0.2, 0.4, 0.6), roughness=0.9, density=2000.0).build(library, NO_BITS)
    assert asset.density == 2000.0 and asset.label == "box"
    assert asset.parts[0].surface.inputs["diffuseColor"] == (0.2, 0.4, 0.6)
    assert asset.parts[0].surface.inputs["roughness"] == 0.9


def test_absurd_parameters_are_refused() -> None:
    for fields in ({"segments": 10_000}, {"radius": -1}, {"radius": float("inf")}, {"color": (2, 0, 0)}):
        with pytest.raises(ValidationError):
            Sphere.model_validate({"kind": "sphere", **fields})


PINNED = {
    "mug": "e78bf7328901de5d",
    "bottle": "b9559ab5f01208a6",
    "sphere": "402ddc8c9d3ec004",
}
PROGRAM = """
    import sys, tempfile, pathlib
    from twin.assets.library import Library
    from twin.registry import assemble
    from twin.seeds import Bits
    assemble()
    from twin.assets.mug import Mug
    from twin.assets.bottle import Bottle
    from twin.assets.primitives import Sphere
    library = Library(pathlib.Path(sys.argv[1]))
    made = [Mug(kind="mug", pattern="speckled"), Bottle(kind="bottle", sticker="printed"), Sphere(kind="sphere")]
    for kind in made:
        print(kind.kind, kind.build(library, Bits(7, 1, "objects.it.asset")).sha256[:16])
"""


@pytest.mark.parametrize("threads", ["1", "2"])
def test_hashes_are_the_same_in_every_process_and_on_every_machine(threads: str, library: Library) -> None:
    printed = run_program(PROGRAM, library.cache, environment={"OMP_NUM_THREADS": threads, "PYTHONHASHSEED": threads})
    assert dict(line.split() for line in printed.splitlines()) == PINNED


def test_names_say_kind_and_content(library: Library) -> None:
    one, two, three = (Box(kind="box", size=(0.1, 0.1, z)).build(library, NO_BITS) for z in (0.1, 0.1, 0.2))
    assert isinstance(one, Asset) and one.name == two.name != three.name
    assert one.name.startswith("box-") and len(one.name) == len("box-") + 8
