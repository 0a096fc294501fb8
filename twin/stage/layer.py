"""Write a frame as a layer over its block's stage: opening the layer shows the frame."""

from __future__ import annotations

import os
from pathlib import Path

from pxr import Sdf, Usd

from twin.frame import FrameState
from twin.stage.author import author
from twin.stage.block import Block
from twin.stage.edits import frame_edits
from twin.stage.files import publish
from twin.stage.paths import assets_folder

METADATA = ("upAxis", "metersPerUnit", "kilogramsPerUnit", "defaultPrim", "customLayerData")
"""Layer metadata that a stage reads from its root layer alone, so that a layer over it must repeat them."""


def write_frame_layer(state: FrameState, block: Block, base: Path, path: Path) -> None:
    """Write a layer that sublayers a compiled stage and sets every value of one frame.

    Args:
        state: The frame.
        block: The block that the stage was compiled from.
        base: The compiled stage.
        path: The layer to write, ``.usda``; it refers to the stage by a relative path.

    Raises:
        SpecError: where the frame changes what the stage does not have.
    """
    publish(path, lambda part: _write(state, block, base, path, part), keep=False)
    written = Sdf.Layer.Find(str(path))
    if written:
        written.Reload(force=True)


def _write(state: FrameState, block: Block, base: Path, path: Path, part: Path) -> None:
    below = Sdf.Layer.FindOrOpen(str(base.resolve()))
    layer = Sdf.Layer.CreateNew(str(part))
    layer.subLayerPaths = [_relative(base, path)]
    for name in METADATA:
        if below.pseudoRoot.HasInfo(name):
            layer.pseudoRoot.SetInfo(name, below.pseudoRoot.GetInfo(name))
    assets = _relative(assets_folder(base), path)
    layer.customLayerData = {**layer.customLayerData, "twin:assets": assets, "twin:frame": state.frame}
    author(Usd.Stage.Open(layer), frame_edits(state, block), assets, skip="omnipbr")
    layer.Save()


def _relative(target: Path, layer: Path) -> str:
    found = os.path.relpath(target.resolve(), layer.resolve().parent)
    return found if found.startswith("../") else f"./{found}"
