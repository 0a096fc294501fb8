"""The blank engine: everything in a state shows, and nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cast.made import CLASSES, Ball, Box, camera, icosphere, mesh, state
from twin import conventions
from twin.cast.scene import CastScene
from twin.engines.base import StageFile
from twin.engines.blank import RAW, Blank, BlankRenderer
from twin.errors import EngineError
from twin.frame import FrameState
from twin.stage.geometry import Geometry, Light, Material, Member, Slot, Texture

EYE = conventions.look_at([0.4, -0.5, 0.4], [0.0, 0.0, 0.05])
VIEW = camera(EYE, conventions.intrinsics(90, 90, 48, 36), (96, 72))
LAMPS: dict[str, dict[str, Any]] = {
    "dome": {"intensity": 0.3, "texture:file": "/skies/noon.hdr"},
    "sphere": {"radius": 0.1},
    "rect": {"width": 0.2, "height": 0.3},
    "disk": {"radius": 0.1},
    "cylinder": {"radius": 0.02, "length": 0.3},
    "distant": {"angle": 0.5},
}
NUMBERS: dict[str, Any] = {
    "diffuseColor": (0.2, 0.4, 0.1),
    "roughness": 0.2,
    "metallic": 0.5,
    "opacity": 0.4,
    "ior": 1.8,
    "clearcoat": 0.7,
    "emissiveColor": (0.1, 0.0, 0.2),
    "specularColor": (0.5, 0.1, 1.0),
}


@pytest.fixture
def geometry(tmp_path: Path) -> Geometry:
    """Make a textured table, two slots with two members each, and a light of every kind."""
    (tmp_path / "textures").mkdir()
    random = np.random.default_rng(0)
    for name in ("wood", "tiles"):
        pixels = random.integers(0, 255, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "textures" / f"{name}.png")
    wood = Texture(tmp_path / "textures/wood.png", "sRGB", path="/table/tex", uv_path="/table/uv")
    materials = [
        Material("/paint", "/paint/surface", {"diffuseColor": (0.5, 0.3, 0.2), "roughness": 0.5, "clearcoat": 0.2}),
        Material("/table", "/table/surface", {"diffuseColor": wood, "roughness": 0.6}),
    ]
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    table = mesh("/t", corners * 0.4, [[0, 1, 2], [0, 2, 3]], uv=corners[:, :2], material="/table", label="table")
    members = [Member("/m", "a", "ball", (replace(m, material="/paint"),), {}) for m in shapes()]
    lights = {f"/{kind}": lamp(kind) for kind in LAMPS}
    slots = tuple(Slot(f"/s{i}", f"s{i}", tuple(members)) for i in range(2))
    return Geometry(tmp_path, (table,), slots, {m.path: m for m in materials}, lights, CLASSES)


def shapes() -> list[Any]:
    return [*Ball(0.08, subdivisions=3).meshes("/ball"), *Box((0.05, 0.06, 0.07)).meshes("/box")]


def lamp(kind: str) -> Light:
    T = conventions.transform(conventions.rotation_rpy(0.3, 0.2, 0.1), [0.3, -0.2, 0.9])
    return Light(f"/{kind}", kind, {"intensity": 0.5, "exposure": 0.0, "color": (1.0, 1.0, 1.0), **LAMPS[kind]}, T)


def frame(opinions: Mapping[str, Mapping[str, Any]] | None = None) -> FrameState:
    left, right = (conventions.transform(np.eye(3), [x, 0.0, 0.07]) for x in (-0.12, 0.12))
    return state([(0, left), (1, right)], {"eye": VIEW}, opinions)


def rendered(geometry: Geometry, frame_state: FrameState) -> np.ndarray[Any, np.dtype[np.float32]]:
    return opened(geometry).render(frame_state).linear["eye"]


def opened(geometry: Geometry, channels: tuple[str, ...] = ("linear",)) -> BlankRenderer:
    stage = StageFile(geometry.folder / "twin.usda", CLASSES)
    stage.__dict__["geometry"] = geometry  # as the stage reader would have filled it
    renderer = BlankRenderer()
    renderer.open(stage, ["eye"], channels)
    return renderer


def test_pixels_are_linear_light(geometry: Geometry) -> None:
    image = rendered(geometry, frame())
    assert image.dtype == np.float32
    assert image.shape == (72, 96, 3)
    assert np.isfinite(image).all()
    assert (image >= 0).all()
    assert image.std() > 0.05


def test_the_same_state_gives_the_same_bytes(geometry: Geometry) -> None:
    renderer = opened(geometry)
    first = renderer.render(frame()).linear["eye"].tobytes()
    renderer.render(frame({"/rect": {"inputs:intensity": 4.0}}))
    assert renderer.render(frame()).linear["eye"].tobytes() == first
    assert rendered(geometry, frame()).tobytes() == first


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_of_a_material_shows(geometry: Geometry, name: str) -> None:
    changed = rendered(geometry, frame({"/paint/surface": {f"inputs:{name}": NUMBERS[name]}}))
    assert not np.array_equal(changed, rendered(geometry, frame()))


@pytest.mark.parametrize(
    ("prim", "opinion"),
    [
        ("/table/tex", {"inputs:file": {"asset": "textures/tiles.png"}}),
        ("/table/tex", {"inputs:scale": [0.5, 1.0, 1.0, 1.0]}),
        ("/table/tex", {"inputs:bias": [0.0, 0.1, 0.0, 0.0]}),
        ("/table/uv", {"inputs:scale": [2.0, 2.0]}),
    ],
)
def test_every_part_of_a_texture_shows(geometry: Geometry, prim: str, opinion: dict[str, Any]) -> None:
    assert not np.array_equal(rendered(geometry, frame({prim: opinion})), rendered(geometry, frame()))


@pytest.mark.parametrize("kind", LAMPS)
def test_every_value_of_a_light_shows(geometry: Geometry, kind: str) -> None:
    turned = lamp(kind).T_world_light @ conventions.transform(conventions.rotation_rpy(0.4, 0.3, 0.2), [0, 0, 0.2])
    opinions: list[dict[str, Any]] = [
        {"inputs:intensity": 1.0},
        {"inputs:exposure": 1.0},
        {"inputs:color": [1.0, 0.5, 0.2]},
        {"inputs:enableColorTemperature": True, "inputs:colorTemperature": 3000.0},
        {"xformOp:transform": turned.T.tolist()},
        *({f"inputs:{name}": 2 * value} for name, value in LAMPS[kind].items() if isinstance(value, float)),
    ]
    plain = rendered(geometry, frame())
    for opinion in opinions:
        assert not np.array_equal(rendered(geometry, frame({f"/{kind}": opinion})), plain), opinion


def test_another_sky_shows(geometry: Geometry) -> None:
    other = rendered(geometry, frame({"/dome": {"inputs:texture:file": {"asset": "skies/dusk.hdr"}}}))
    assert not np.array_equal(other, rendered(geometry, frame()))


def test_poses_members_presence_and_cameras_show(geometry: Geometry) -> None:
    base = frame()
    moved = replace(base.slots[0], T_world_object=conventions.transform(np.eye(3), [-0.1, 0.02, 0.07]))
    changes = [
        replace(base, slots=(moved, base.slots[1])),
        replace(base, slots=(replace(base.slots[0], member=1), base.slots[1])),
        replace(base, slots=(base.slots[0], replace(base.slots[1], present=False))),
        replace(base, cameras={"eye": replace(VIEW, K=VIEW.K * [[1.02], [1.0], [1.0]])}),
        replace(base, cameras={"eye": replace(VIEW, distortion=np.array([-0.1, 0, 0, 0, 0, 0, 0, 0]))}),
        replace(
            base, cameras={"eye": replace(VIEW, T_world_camera=EYE @ conventions.transform(np.eye(3), [0.01, 0, 0]))}
        ),
    ]
    images = [rendered(geometry, each).tobytes() for each in [base, *changes]]
    assert len(set(images)) == len(images)


def test_its_own_depth_and_ids_are_those_of_the_labels(geometry: Geometry) -> None:
    raw = opened(geometry, ("linear", *RAW)).render(frame()).raw["eye"]
    truth = CastScene(geometry).cast(frame())["eye"]
    assert np.count_nonzero(raw["instance"] != truth.instance) <= 1
    same = np.isfinite(truth.depth) & (raw["instance"] == truth.instance)
    assert np.quantile(np.abs(raw["depth"][same] - truth.depth[same]), 0.999) < 1e-6


def test_a_smooth_ball_has_no_facets(geometry: Geometry) -> None:
    """The shading of a coarse ball with vertex normals is nearer to a fine one's than that of a flat one."""
    vertices, faces = icosphere(2)
    flat = replace(geometry.slots[0].members[0], meshes=(mesh("/f", vertices * 0.08, faces, material="/paint"),))
    smooth = replace(flat, meshes=(mesh("/f", vertices * 0.08, faces, normals=vertices, material="/paint"),))
    alone = replace(frame(), slots=(frame().slots[0], replace(frame().slots[1], present=False)))
    fine = rendered(geometry, alone)
    errors = [
        np.abs(
            rendered(replace(geometry, slots=(replace(geometry.slots[0], members=(m,)), geometry.slots[1])), alone)
            - fine
        )
        for m in (smooth, flat)
    ]
    assert errors[0].mean() < 0.5 * errors[1].mean()


def test_nothing_is_rendered_before_a_stage_is_opened(geometry: Geometry) -> None:
    renderer = opened(geometry)
    renderer.close()
    renderer.close()
    with pytest.raises(EngineError, match="before a stage was opened"):
        renderer.render(frame())


def test_the_kind_starts_anywhere() -> None:
    assert Blank.obstacle() == ""
    with Blank(kind="blank").renderer() as renderer:
        assert renderer.name == "blank"
        assert renderer.version.startswith("blank 1, numpy ")
