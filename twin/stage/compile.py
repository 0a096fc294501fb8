"""Compile a block into a USD stage: the file that a designer opens, and that engines render."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pxr import Kind, Sdf, Usd, UsdGeom, UsdLux, UsdPhysics, UsdSemantics

from twin.frame import FrameState
from twin.stage import paths
from twin.stage.author import author, declare, place
from twin.stage.block import Block, PoolMember, SlotPool
from twin.stage.edits import frame_edits, nominal_slot, slot_edits
from twin.stage.files import publish, store_images
from twin.stage.fixtures import BuiltFixture, Prim
from twin.stage.lenses import CLIPPING_RANGE, LENS, LENS_API, LENS_COEFFICIENTS, camera_values, nominal_camera
from twin.stage.lights import LightKind
from twin.stage.looks import Opinions, changed_inputs
from twin.stage.networks import change_in_place, define_network
from twin.stage.objects import bind, stage_metadata, store_asset
from twin.stage.opinions import Dress, base_opinions, dresses, is_metric, reachable_images
from twin.stage.reach import nominal
from twin.stage.surfaces import named_surfaces, surface_name
from twin.stage.world import add_world, bind_prim

if TYPE_CHECKING:
    from twin.assets.library import Library


def compile_stage(
    block: Block, library: Library, path: Path, *, state: FrameState | None = None, mdl: bool = True
) -> None:
    """Write a block's stage.

    Args:
        block: What the stage holds.
        library: Where its materials and HDRIs come from.
        path: The ``.usda`` file; ``<stem>_assets`` beside it takes meshes and images, under names by content.
        state: A frame whose poses and values the stage shows; nominal values without it.
        mdl: Whether every material gets an OmniPBR shader beside its UsdPreviewSurface.

    Raises:
        AssetError: where a file is missing or damaged.
        SpecError: where a bound prim or a light cannot be compiled.
    """
    publish(path, lambda part: _Compiler(block, library, path, part, mdl).write(state), keep=False)
    written = Sdf.Layer.Find(str(path))
    if written:
        written.Reload(force=True)


class _Compiler:
    """Write one stage; the layer lies beside its final place, so that relative paths already resolve."""

    def __init__(self, block: Block, library: Library, path: Path, part: Path, mdl: bool) -> None:
        self.block, self.library, self.part, self.mdl = block, library, part, mdl
        self.folder = paths.assets_folder(path)
        self.prefix = f"./{self.folder.name}"
        self.layer = Sdf.Layer.CreateNew(str(part))
        self.stage = Usd.Stage.Open(self.layer)

    def write(self, state: FrameState | None) -> None:
        """Define every prim, then set every value."""
        store_images(reachable_images(self.block, self.library), self.folder)
        self._root()
        self._world()
        for number, slot in enumerate(self.block.slots):
            self._slot(number, slot)
        dressed = dresses(self.block, self.library)
        for dress in dressed:
            self._dress(dress)
        self._fixtures(dressed)
        self._lights()
        self._cameras()
        author(self.stage, self._values(state), self.prefix, skip="" if self.mdl else "omnipbr")
        self.layer.Save()

    def _values(self, state: FrameState | None) -> Opinions:
        found = base_opinions(self.block, self.library)
        for slot in self.block.slots:
            found |= slot_edits(nominal_slot(slot), slot)
        for name, camera in self.block.scene.cameras.items():
            found[paths.camera_path(name)] = camera_values(nominal_camera(nominal(camera)))
        return found | (frame_edits(state, self.block) if state else {})

    def _root(self) -> None:
        stage_metadata(self.stage, paths.WORLD)
        self.layer.customLayerData = {"twin:assets": self.prefix, "twin:block": self.block.index}
        root = UsdGeom.Xform.Define(self.stage, paths.WORLD).GetPrim()
        Usd.ModelAPI(root).SetKind(Kind.Tokens.assembly)
        for name in ("fixtures", "objects", "materials", "lights", "cameras"):
            self._group(name)

    def _group(self, name: str) -> None:
        path = f"{paths.WORLD}/{name}"
        if name in ("fixtures", "objects"):
            Usd.ModelAPI(UsdGeom.Xform.Define(self.stage, path)).SetKind(Kind.Tokens.group)
        else:
            UsdGeom.Scope.Define(self.stage, path)

    def _world(self) -> None:
        existing = self.block.scene.world.usd
        if existing:
            add_world(self.stage, Path(existing), self.folder, self.prefix)
        if not any(prim.IsA(UsdPhysics.Scene) for prim in self.stage.Traverse()):
            scene = UsdPhysics.Scene.Define(self.stage, paths.PHYSICS)
            scene.CreateGravityDirectionAttr((0, 0, -1))
            scene.CreateGravityMagnitudeAttr(9.81)

    def _fixtures(self, dressed: tuple[Dress, ...]) -> None:
        looks = {dress.fixture: dress.network.path for dress in dressed if dress.fixture}
        for name, fixture in self.block.fixtures.items():
            if isinstance(fixture, Prim):
                bind_prim(self.stage, name, fixture, looks.get(name))
            elif isinstance(fixture, BuiltFixture):
                self._built(name, fixture, looks.get(name))

    def _built(self, name: str, fixture: BuiltFixture, look: str | None) -> None:
        root = UsdGeom.Xform.Define(self.stage, paths.fixture_path(name)).GetPrim()
        place(root, fixture.pose())
        Usd.ModelAPI(root).SetKind(Kind.Tokens.component)
        declare(root, "twin:fixture", "string", name, custom=True)
        if fixture.label:
            UsdSemantics.LabelsAPI.Apply(root, "class").CreateLabelsAttr([fixture.label])
        asset = fixture.asset(name)
        child = self._reference(f"{paths.fixture_path(name)}/asset", store_asset(asset, self.folder, self.mdl))
        if look:
            for part in asset.parts:
                bind(self.stage.OverridePrim(f"{child.GetPath()}/geometry/{part.name}"), look)

    def _reference(self, path: str, file: str) -> Usd.Prim:
        prim = UsdGeom.Xform.Define(self.stage, path).GetPrim()
        Usd.ModelAPI(prim).SetKind(Kind.Tokens.subcomponent)  # alone its file is a component; here its parent is
        prim.GetReferences().AddReference(f"{self.prefix}/{file}")
        return prim

    def _slot(self, number: int, slot: SlotPool) -> None:
        root = UsdGeom.Xform.Define(self.stage, paths.slot_path(slot.name)).GetPrim()
        place(root)
        UsdGeom.Imageable(root).CreateVisibilityAttr()
        Usd.ModelAPI(root).SetKind(Kind.Tokens.component)
        declare(root, "twin:slot", "string", slot.name, custom=True)
        declare(root, "twin:instanceId", "int", number + 1, custom=True)
        UsdSemantics.LabelsAPI.Apply(root, "class").CreateLabelsAttr()
        UsdPhysics.RigidBodyAPI.Apply(root).CreateRigidBodyEnabledAttr()
        UsdPhysics.MassAPI.Apply(root).CreateDensityAttr()
        for index, member in enumerate(slot.members):
            self._member(slot, index, member)

    def _member(self, slot: SlotPool, index: int, member: PoolMember) -> None:
        prim = UsdGeom.Xform.Define(self.stage, paths.member_path(slot.name, index)).GetPrim()
        UsdGeom.Imageable(prim).CreateVisibilityAttr()
        declare(prim, "twin:asset", "string", member.asset.name, custom=True)
        declare(prim, "twin:label", "string", member.asset.label, custom=True)
        file = store_asset(member.source, self.folder, self.mdl)
        child = self._reference(paths.asset_path(slot.name, index), file)
        UsdGeom.Xformable(child).AddScaleOp(UsdGeom.XformOp.PrecisionDouble).Set(tuple(float(s) for s in member.scale))

    def _dress(self, dress: Dress) -> None:
        if dress.in_place:
            change_in_place(self.stage, dress.network, changed_inputs(dress.material), self.mdl)
            return
        define_network(self.stage, dress.network, self.mdl)
        for slot in (slot for slot in self.block.slots if slot.name == dress.slot):
            for index, member in enumerate(slot.members):
                self._wear(paths.asset_path(slot.name, index), member, dress)

    def _wear(self, asset: str, member: PoolMember, dress: Dress) -> None:
        """Bind the parts whose uv suits the material."""
        surfaces = named_surfaces(member.source)
        for part in member.source.parts:
            own = surfaces[surface_name(member.source, part.surface)]
            if is_metric(own) == dress.network.metric:
                bind(self.stage.OverridePrim(f"{asset}/geometry/{part.name}"), dress.network.path)

    def _lights(self) -> None:
        for name, light in self.block.scene.lights.items():
            assert isinstance(light, LightKind), "base_opinions has refused other kinds"
            prim = self.stage.DefinePrim(paths.light_path(name), light.usd_type)
            place(prim)
            for attribute in nominal(light).values(self.library):
                if not prim.HasAttribute(attribute):
                    declare(prim, attribute, "token")
            if light.usd_type == "DomeLight":
                UsdLux.DomeLight(prim).CreateTextureFormatAttr(UsdLux.Tokens.latlong)

    def _cameras(self) -> None:
        for name in self.block.scene.cameras:
            camera = UsdGeom.Camera.Define(self.stage, paths.camera_path(name))
            place(camera.GetPrim())
            camera.CreateClippingRangeAttr(CLIPPING_RANGE)
            prim = camera.GetPrim()
            prim.AddAppliedSchema(LENS_API)
            declare(prim, "omni:lensdistortion:model", "token")
            declare(prim, f"{LENS}imageSize", "int2")
            for number in ("fx", "fy", "cx", "cy", *LENS_COEFFICIENTS):
                declare(prim, LENS + number, "float")
