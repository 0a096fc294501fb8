"""Say where everything stands in a compiled stage.

    /World                            default prim
    ├── world/                        the existing stage, each of its root prims below
    ├── fixtures/<name>/asset         tables, floors, boxes
    ├── objects/<slot>                rigid root: pose, twin:slot, twin:instanceId, class label
    │   ├── look, look_own            material that replaces the members' own, where the spec gives a base
    │   └── member_<n>/asset          one asset of the pool; the scale is on ``asset``
    │       ├── geometry/<part>       meshes
    │       ├── materials/<surface>   UsdPreviewSurface and OmniPBR
    │       ├── colliders/piece_<n>   convex pieces, purpose guide
    │       └── keypoints/<name>      twin:keypoint
    ├── materials/<fixture>           material that the spec gives a fixture
    ├── lights/<name>                 UsdLux
    ├── cameras/<name>                UsdGeomCamera with the OpenCV lens schema
    └── physics                       UsdPhysics scene

Beside ``twin.usda`` lies ``twin_assets/`` with ``objects/``, ``textures/`` and ``world/``; files are named by content.
"""

from __future__ import annotations

import re
from pathlib import Path

WORLD = "/World"
EXISTING = f"{WORLD}/world"
PHYSICS = f"{WORLD}/physics"


def slot_path(slot: str) -> str:
    """Return the rigid root prim of an object slot."""
    return f"{WORLD}/objects/{slot.replace('.', '_')}"


def member_path(slot: str, member: int) -> str:
    """Return the prim that shows or hides one asset of a slot's pool."""
    return f"{slot_path(slot)}/member_{member}"


def asset_path(slot: str, member: int) -> str:
    """Return the prim that carries a member's scale and references its file."""
    return f"{member_path(slot, member)}/asset"


def fixture_path(fixture: str) -> str:
    """Return the prim of a fixture that twin builds; a bound prim of an existing stage keeps its own place."""
    return f"{WORLD}/fixtures/{fixture}"


def light_path(light: str) -> str:
    """Return a light's prim."""
    return f"{WORLD}/lights/{light}"


def camera_path(camera: str) -> str:
    """Return a camera's prim."""
    return f"{WORLD}/cameras/{camera}"


def fixture_look_path(fixture: str) -> str:
    """Return the material that the spec gives a fixture."""
    return f"{WORLD}/materials/{fixture}"


def slot_look_path(slot: str, metric: bool) -> str:
    """Return the material that replaces a slot's surfaces: on parts with uv in metres, or with a uv of their own."""
    return f"{slot_path(slot)}/{'look' if metric else 'look_own'}"


def surface_path(asset: str, surface: str) -> str:
    """Return the material of one surface below an asset's prim."""
    return f"{asset}/materials/{surface}"


def existing_path(path: str) -> str:
    """Return where a prim of the existing world stage stands in the compiled one."""
    return EXISTING + path


def assets_folder(stage: Path) -> Path:
    """Return the folder beside a stage that holds its objects and textures; asset paths in opinions start there.

    Stages that only a number tells apart, the blocks of one run, share it: its files are named by their content.
    """
    return stage.with_name(re.sub(r"-\d+$", "", stage.stem) + "_assets")
