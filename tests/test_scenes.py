"""Every shipped scene compiles to a stage that other people's validators accept."""

from pathlib import Path

import pytest
from pxr import Usd

import twin
from tests.frames import ROOT
from tests.stage.test_stage_files import complaints
from twin.assets.library import Library
from twin.stage.read import read

SCENES = sorted((ROOT / "scenes").glob("*.yaml"))


@pytest.fixture(scope="module", params=SCENES, ids=lambda path: path.stem)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    scene: Path = request.param
    if scene.stem == "tabletop" and Library().missing():
        pytest.skip("the core pack is not fetched: twin assets fetch core")
    return twin.build(scene, tmp_path_factory.mktemp(scene.stem) / "twin.usda", frame=2, mdl=False)


@pytest.mark.slow
def test_validators_report_nothing(built: list[Path]) -> None:
    for path in built:
        own, theirs = complaints(path)
        assert (dict(own), dict(theirs)) == ({}, {}), path.name


def test_the_stage_reads_back_and_nothing_in_it_is_unsupported(built: list[Path]) -> None:
    layer, base = built
    assert not read(base, {}).unsupported
    stage = Usd.Stage.Open(str(layer))
    assert stage.GetRootLayer().customLayerData["twin:frame"] == 2
    assert stage.GetDefaultPrim().GetPath() == "/World"
