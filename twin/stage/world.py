"""Bring an existing USD stage into the compiled one, and bind its prims as fixtures.

The stage's files are copied beside the compiled one, and each of its root prims is referenced below ``/World/world``,
which turns and scales it to metres with Z up. So its prims keep their names, and cannot collide with twin's own.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pxr import Kind, Sdf, Usd, UsdGeom, UsdPhysics, UsdSemantics, UsdShade

from twin import conventions
from twin.errors import SpecError, listed, nearest
from twin.stage import paths
from twin.stage.author import declare, place
from twin.stage.dependencies import dependencies, listing_sha256
from twin.stage.fixtures import Prim


def add_world(stage: Usd.Stage, file: Path, folder: Path, prefix: str) -> None:
    """Reference an existing stage below ``/World/world``.

    Args:
        stage: The stage to add to.
        file: The existing stage.
        folder: The compiled stage's assets folder, which takes a copy of the files.
        prefix: The same folder as the compiled layer spells it.

    Raises:
        AssetError: where it is broken, or refers to a file that it may not.
    """
    copied = _copied(file, folder)
    source = Usd.Stage.Open(str(file))
    root = UsdGeom.Xform.Define(stage, paths.EXISTING).GetPrim()
    place(root, _upright(source))
    Usd.ModelAPI(root).SetKind(Kind.Tokens.group)
    for prim in source.GetPseudoRoot().GetChildren():
        child = stage.DefinePrim(paths.existing_path(str(prim.GetPath())))
        child.GetReferences().AddReference(f"{prefix}/{copied}", prim.GetPath())
    for prim in source.Traverse():
        _keep_targets(stage, prim)


def bind_prim(stage: Usd.Stage, name: str, fixture: Prim, look: str | None) -> None:
    """Make a prim of the existing stage a fixture: name, label, collision and material.

    Raises:
        SpecError: where there is no such prim, or several that the label fits.
    """
    path = existing_prim(stage, name, fixture)
    prim = _writable(stage, path)
    declare(prim, "twin:fixture", "string", name, custom=True)
    if fixture.label:
        UsdSemantics.LabelsAPI.Apply(prim, "class").CreateLabelsAttr([fixture.label])
    if look:
        binding = UsdShade.MaterialBindingAPI.Apply(prim)
        binding.Bind(UsdShade.Material(stage.GetPrimAtPath(look)), UsdShade.Tokens.strongerThanDescendants)
    for child in Usd.PrimRange(prim):
        if child.IsA(UsdGeom.Gprim) and not child.HasAPI(UsdPhysics.CollisionAPI):
            UsdPhysics.CollisionAPI.Apply(child)


def existing_prim(stage: Usd.Stage, name: str, fixture: Prim) -> str:
    """Return the path, in the compiled stage, of the prim that a fixture names."""
    where = f"world.{name}"
    root = stage.GetPrimAtPath(paths.EXISTING)
    if not root:
        raise SpecError("a prim fixture needs an existing stage", where=where, hint="name it as world.usd")
    prims = list(Usd.PrimRange(root, Usd.TraverseInstanceProxies(Usd.PrimDefaultPredicate)))
    path, label = fixture.target
    if path is not None:
        if not stage.GetPrimAtPath(paths.existing_path(path)):
            known = [str(prim.GetPath()).removeprefix(paths.EXISTING) for prim in prims[1:]]
            raise SpecError(f"the stage has no prim {path}", where=f"{where}.prim", hint=nearest(path, known))
        return paths.existing_path(path)
    labelled = {str(prim.GetPath()): _labels(prim) for prim in prims}
    found = [place for place, labels in labelled.items() if label in labels]
    if len(found) != 1:
        known_labels = sorted({item for labels in labelled.values() for item in labels})
        text = f"{len(found)} prims of the stage have the label '{label}'"
        raise SpecError(
            text, where=f"{where}.label", expected="exactly one", hint=f"its labels: {listed(known_labels)}"
        )
    return found[0]


def _labels(prim: Usd.Prim) -> list[str]:
    attribute = prim.GetAttribute("semantics:labels:class")
    return [str(item) for item in (attribute.Get() or [])] if attribute else []


def _writable(stage: Usd.Stage, path: str) -> Usd.Prim:
    """Return a prim, with every instance on the way to it made a plain prim."""
    for prefix in Sdf.Path(path).GetPrefixes():
        prim = stage.GetPrimAtPath(prefix)
        if prim.IsInstance():
            prim.SetInstanceable(False)
    return stage.GetPrimAtPath(path)


def _upright(source: Usd.Stage) -> conventions.Array:
    """Return the transform from a stage's units and up axis to metres and Z up."""
    turn = np.eye(3)
    if UsdGeom.GetStageUpAxis(source) == UsdGeom.Tokens.y:
        turn = conventions.rotation_axis([1, 0, 0], np.pi / 2).round()
    return conventions.transform(turn * UsdGeom.GetStageMetersPerUnit(source), [0, 0, 0])


def _keep_targets(stage: Usd.Stage, prim: Usd.Prim) -> None:
    """Repeat relationships that lead to another root prim, which a reference would cut off."""
    root = prim.GetPath().GetPrefixes()[0]
    for relationship in prim.GetRelationships():
        targets = relationship.GetTargets()
        if any(not target.HasPrefix(root) for target in targets):
            moved = stage.OverridePrim(paths.existing_path(str(prim.GetPath())))
            here = moved.CreateRelationship(relationship.GetName(), custom=relationship.IsCustom())
            here.SetTargets([Sdf.Path(paths.existing_path(str(target))) for target in targets])


def _copied(file: Path, folder: Path) -> str:
    """Copy a stage and all that it refers to; return its place relative to ``folder``."""
    hashes = dependencies(file)
    sources = {name: Path(os.path.normpath(file.absolute().parent / name)) for name in hashes}
    top = Path(os.path.commonpath([source.parent for source in sources.values()]))
    places = {name: source.relative_to(top).as_posix() for name, source in sources.items()}
    home = folder / "world" / listing_sha256({places[name]: sha256 for name, sha256 in hashes.items()})[:32]
    if not home.is_dir():
        _copy_tree({places[name]: source for name, source in sources.items()}, home)
    return f"world/{home.name}/{places[file.name]}"


def _copy_tree(files: Mapping[str, Path], home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".part-", dir=home.parent))
    try:
        for name, source in files.items():
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, part / name)
        part.chmod(0o755)
        part.replace(home)
    except OSError:
        if not home.is_dir():  # another process may have put the same content there first
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
