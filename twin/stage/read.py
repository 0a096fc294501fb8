"""Read a USD stage as plain arrays.

What these arrays cannot hold is named in ``Geometry.unsupported``, never dropped; what is broken or reaches out of the
stage's folder is refused. Values are read at the stage's earliest time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pxr import Gf, Tf, Usd, UsdGeom, UsdSkel

from twin.errors import AssetError
from twin.stage.geometry import Geometry, Light, Material, Member, Mesh, Slot, Texture
from twin.stage.guard import PRIM_LIMIT, TRIANGLE_LIMIT, allowed_roots, check_layers
from twin.stage.paths import assets_folder
from twin.stage.read_lights import is_light, read_light
from twin.stage.read_materials import Uv, bound_material, read_material
from twin.stage.read_meshes import SHAPES, Binding, read_mesh, read_shape

TIME = Usd.TimeCode.EarliestTime()
SHOWN_PURPOSES = ("default", "render")
LABELS = "semantics:labels:class"


def read(path: Path, classes: Mapping[str, int]) -> Geometry:
    """Read a stage.

    Args:
        path: The USD file: Z up, in metres.
        classes: Class ids by class name.

    Raises:
        AssetError: naming the prim or layer that is broken, too large, or that refers to a file it may not.
    """
    roots = allowed_roots(path)
    layers = check_layers(path, roots)
    try:
        stage = Usd.Stage.Open(str(path))
    except Tf.ErrorException as error:
        raise AssetError(
            f"the stage cannot be opened: {str(error).strip().splitlines()[-1]}", where=str(path)
        ) from None
    _check_stage(stage, path, layers)
    reader = _Reader(stage, roots)
    reader.visit(stage.GetPseudoRoot(), _Inherited())
    folder = assets_folder(path.absolute())
    return Geometry(
        folder=folder if folder.is_dir() else path.absolute().parent,
        world=tuple(reader.world),
        slots=tuple(slot for _, slot in sorted(reader.slots, key=lambda pair: pair[0])),
        materials=reader.materials,
        lights=reader.lights,
        classes=dict(classes),
        unsupported=reader.unsupported,
        fixtures=reader.fixtures,
    )


def _check_stage(stage: Usd.Stage, path: Path, layers: set[str]) -> None:
    errors = stage.GetCompositionErrors()
    if errors:
        raise AssetError(f"the stage is not composed: {errors[0]}", where=str(path))
    for layer in stage.GetUsedLayers():
        if not layer.anonymous and str(Path(layer.realPath).resolve()) not in layers:
            raise AssetError("the stage opens a layer in a way that cannot be checked", where=layer.identifier)
    if UsdGeom.GetStageUpAxis(stage) != UsdGeom.Tokens.z or UsdGeom.GetStageMetersPerUnit(stage) != 1.0:
        found = f"{UsdGeom.GetStageUpAxis(stage)} up, {UsdGeom.GetStageMetersPerUnit(stage)} m a unit"
        raise AssetError(f"the stage has {found}", where=str(path), expected="Z up, 1 m a unit")


@dataclass(frozen=True)
class _Inherited:
    """What a prim takes over from its ancestors."""

    purpose: str = ""
    label: str = ""


class _Reader:
    """Walk a stage once."""

    def __init__(self, stage: Usd.Stage, roots: tuple[Path, ...]) -> None:
        self.stage, self.roots = stage, roots
        self.poses = UsdGeom.XformCache(TIME)
        self.world: list[Mesh] = []
        self.slots: list[tuple[int, Slot]] = []
        self.materials: dict[str, Material] = {}
        self.lights: dict[str, Light] = {}
        self.unsupported: dict[str, str] = {}
        self.fixtures: dict[str, str] = {}
        self._uvs: dict[str, Uv] = {}
        self._prims = self._triangles = 0

    def visit(self, prim: Usd.Prim, above: _Inherited) -> None:
        """Read a prim of the world and what is below it."""
        for child in self._children(prim):
            here = self._here(child, above)
            if child.HasAttribute("twin:fixture"):
                self.fixtures[str(child.GetAttribute("twin:fixture").Get(TIME))] = str(child.GetPath())
            if child.HasAttribute("twin:slot"):
                self._slot(child, here)
            elif not _invisible(child) and self._shown(child, here, self.poses.GetLocalToWorldTransform, self.world):
                self.visit(child, here)

    def _children(self, prim: Usd.Prim) -> list[Usd.Prim]:
        found = list(prim.GetFilteredChildren(Usd.TraverseInstanceProxies(Usd.PrimDefaultPredicate)))
        self._prims += len(found)
        if self._prims > PRIM_LIMIT:
            raise AssetError(f"the stage has more than {PRIM_LIMIT} prims", where=str(prim.GetPath()))
        return found

    def _here(self, prim: Usd.Prim, above: _Inherited) -> _Inherited:
        if not prim.IsA(UsdGeom.Imageable):
            return above
        purpose = UsdGeom.Imageable(prim).GetPurposeAttr()
        own = str(purpose.Get(TIME)) if purpose.HasAuthoredValue() else above.purpose
        return _Inherited(own, _label(prim) or above.label)

    def _shown(
        self, prim: Usd.Prim, here: _Inherited, pose: Callable[[Usd.Prim], Gf.Matrix4d], meshes: list[Mesh]
    ) -> bool:
        """Read what a prim itself shows; return whether its children are to be read."""
        if (here.purpose or "default") not in SHOWN_PURPOSES:
            return not prim.IsA(UsdGeom.Gprim)
        kind = str(prim.GetTypeName())
        if is_light(prim):
            self._light(prim)
        elif kind == "Mesh":
            self._keep(prim, read_mesh(prim, pose(prim), here.label, self._binding), meshes)
        elif kind in SHAPES:
            self._keep(prim, iter([read_shape(prim, pose(prim), here.label, self._binding)]), meshes)
        elif kind == "PointInstancer":
            self.unsupported[str(prim.GetPath())] = "a PointInstancer is not supported; use instanceable prims"
            return False
        elif prim.IsA(UsdGeom.Boundable) and not prim.IsA(UsdSkel.Root) and not prim.IsA(UsdSkel.Skeleton):
            self.unsupported[str(prim.GetPath())] = f"a {kind} is no mesh that can be rendered"
        elif kind and prim.GetPrimTypeInfo().GetSchemaType().isUnknown:
            self.unsupported[str(prim.GetPath())] = f"the prim type {kind} is unknown"
        return True

    def _keep(self, prim: Usd.Prim, found: Iterator[Mesh], meshes: list[Mesh]) -> None:
        if prim.HasAPI(UsdSkel.BindingAPI) and UsdSkel.BindingAPI(prim).GetInheritedSkeleton():
            self.unsupported[str(prim.GetPath())] = "the mesh is posed by a skeleton"
        for mesh in found:
            self._triangles += len(mesh.faces)
            if self._triangles > TRIANGLE_LIMIT:
                raise AssetError(f"the stage has more than {TRIANGLE_LIMIT} triangles", where=mesh.path)
            if len(mesh.faces):
                meshes.append(mesh if mesh.material else self._coloured(prim, mesh))
                self._check_wrap(meshes[-1])

    def _check_wrap(self, mesh: Mesh) -> None:
        """Name an image that goes on otherwise than by repeating, where a mesh reaches beyond it."""
        inputs = self.materials[mesh.material].inputs.values() if mesh.material else ()
        for item in inputs:
            if isinstance(item, Texture) and item.wrap != "repeat" and mesh.uv is not None:
                uv = mesh.uv * item.uv_scale
                if uv.min() < -1e-4 or uv.max() > 1 + 1e-4:
                    self.unsupported[mesh.material] = f"beyond its edges an image is not repeated but '{item.wrap}'"

    def _coloured(self, prim: Usd.Prim, mesh: Mesh) -> Mesh:
        """Give a mesh without a material its display colour."""
        primvar = UsdGeom.PrimvarsAPI(prim).FindPrimvarWithInheritance("displayColor")
        rows = np.asarray(primvar.Get(TIME)) if primvar and primvar.HasValue() else np.zeros((0, 3))
        if not len(rows):
            return mesh
        if len(np.unique(rows, axis=0)) > 1:
            self.unsupported[mesh.path] = "a display colour that changes over the mesh is not supported"
        path = f"{mesh.path}:displayColor"
        colour = tuple(float(number) for number in rows[0])
        self.materials[path] = Material(path, path, {"diffuseColor": colour})
        return replace(mesh, material=path)

    def _binding(self, prim: Usd.Prim) -> Binding:
        material = bound_material(prim)
        if material is None:
            return Binding("")
        path = str(material.GetPath())
        if path not in self.materials:
            self.materials[path], self._uvs[path], reason = read_material(material, self.roots)
            if reason:
                self.unsupported[path] = reason
        uv = self._uvs[path]
        turn = next(iter(uv.turns), (0.0, 0.0, 0.0))
        if turn == (0.0, 0.0, 0.0):
            return Binding(path, uv.name)
        return Binding(path, uv.name, turn, self._straightened(path))

    def _straightened(self, path: str) -> tuple[float, float]:
        """Take the repeats out of a material whose uv is turned or moved: its meshes take on the whole transform."""
        uv, material = self._uvs[path], self.materials[path]
        textures = {name: item for name, item in material.inputs.items() if isinstance(item, Texture)}
        if not uv.scales:
            uv.scales = {item.uv_scale for item in textures.values()}
            if len(uv.scales) > 1:
                self.unsupported[path] = "its images are scaled differently and turned or moved"
            plain = {name: replace(item, uv_scale=(1.0, 1.0), uv_path="") for name, item in textures.items()}
            self.materials[path] = replace(material, inputs={**material.inputs, **plain})
        return min(uv.scales)

    def _light(self, prim: Usd.Prim) -> None:
        light, reason = read_light(prim, self.poses.GetLocalToWorldTransform(prim), self.roots)
        if light:
            self.lights[light.path] = light
        if reason:
            self.unsupported[str(prim.GetPath())] = reason

    def _slot(self, prim: Usd.Prim, here: _Inherited) -> None:
        """Read a slot's pool in its own frame, shown or not."""
        members = [child for child in self._children(prim) if child.HasAttribute("twin:asset")]
        name, number = prim.GetAttribute("twin:slot").Get(TIME), prim.GetAttribute("twin:instanceId").Get(TIME)
        if number is None:
            raise AssetError("a prim with 'twin:slot' has no 'twin:instanceId'", where=str(prim.GetPath()))
        found = tuple(self._member(prim, child, here) for child in members)
        self.slots.append((int(number), Slot(str(prim.GetPath()), str(name), found)))

    def _member(self, slot: Usd.Prim, prim: Usd.Prim, here: _Inherited) -> Member:
        label = str(prim.GetAttribute("twin:label").Get(TIME) or "")
        meshes: list[Mesh] = []
        keypoints: dict[str, np.ndarray] = {}

        def pose(child: Usd.Prim) -> Gf.Matrix4d:
            return self.poses.ComputeRelativeTransform(child, slot)[0]

        def below(parent: Usd.Prim, above: _Inherited) -> None:
            for child in self._children(parent):
                if child.HasAttribute("twin:keypoint"):
                    at = pose(child).ExtractTranslation()
                    keypoints[str(child.GetAttribute("twin:keypoint").Get(TIME))] = np.array(at, dtype=np.float32)
                inner = self._here(child, above)
                if not _invisible(child) and self._shown(child, inner, pose, meshes):
                    below(child, inner)

        below(prim, replace(here, label=label))
        return Member(
            str(prim.GetPath()), str(prim.GetAttribute("twin:asset").Get(TIME)), label, tuple(meshes), keypoints
        )


def _invisible(prim: Usd.Prim) -> bool:
    attribute = prim.GetAttribute("visibility")
    return bool(attribute) and attribute.Get(TIME) == UsdGeom.Tokens.invisible


def _label(prim: Usd.Prim) -> str:
    """Return the prim's own class label: of UsdSemantics, or of the schema that Isaac Sim had before."""
    attribute = prim.GetAttribute(LABELS)
    labels = attribute.Get(TIME) if attribute else None
    if labels:
        return str(labels[0])
    for name in prim.GetPrimTypeInfo().GetAppliedAPISchemas():
        if name.startswith("SemanticsAPI:"):
            base = f"semantic:{name.split(':', 1)[1]}:params"
            if prim.GetAttribute(f"{base}:semanticType").Get(TIME) == "class":
                return str(prim.GetAttribute(f"{base}:semanticData").Get(TIME))
    return ""
