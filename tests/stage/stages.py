"""Write small USD stages by hand for the reader's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pxr import Usd, UsdGeom

from twin.stage.geometry import Geometry
from twin.stage.read import read

TRIANGLE = """
    def Mesh "Mesh" {
        point3f[] points = [(0, 0, 0), (1, 0, 0), (0, 1, 0)]
        int[] faceVertexCounts = [3]
        int[] faceVertexIndices = [0, 1, 2]
        uniform token subdivisionScheme = "none"
    }
"""


def written(path: Path, body: str, head: str = 'upAxis = "Z"\n    metersPerUnit = 1') -> Path:
    """Write a ``.usda`` whose ``/World`` holds ``body``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = body.replace("{", "{\n").replace("}", "\n}\n")  # USD wants a line for each statement
    path.write_text(f'#usda 1.0\n(\n    defaultPrim = "World"\n    {head}\n)\n\ndef Xform "World"\n{{\n{body}\n}}\n')
    return path


def geometry(path: Path, body: str) -> Geometry:
    """Read what ``/World`` holds."""
    return read(written(path / "stage.usda", body), {})


def made(path: Path, make: Callable[[Usd.Stage], object]) -> Geometry:
    """Read a stage that a function makes."""
    stage = Usd.Stage.CreateNew(str(path / "stage.usda"))
    UsdGeom.SetStageUpAxis(stage, "Z")
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetDefaultPrim(UsdGeom.Xform.Define(stage, "/World").GetPrim())
    make(stage)
    stage.Save()
    return read(path / "stage.usda", {})
