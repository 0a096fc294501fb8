"""Write the spec language as a JSON Schema, for completion and checks in editors."""

from __future__ import annotations
from typing import Any
from twin.spec.scene import Scene

def scene_schema() -> dict[str, Any]:
    return Scene.model_json_schema()
