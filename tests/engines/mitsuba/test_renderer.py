"""The engine's settings, its errors and its denoiser."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.engines.mitsuba.stages import (
    Stage,
    ball,
    camera,
    dome,
    geometry,
    image,
    light,
    material,
    quad,
    render,
    renderer,
    slot,
    state,
)  # fmt: skip
from twin.conventions import transform
from twin.engines.mitsuba.settings import Mitsuba
from twin.errors import EngineError
from twin.stage.geometry import Texture

MATERIALS = [
    material("/floor", diffuseColor=(0.6, 0.5, 0.4), roughness=0.5),
    material("/ball", diffuseColor=(0.7, 0.1, 0.1)),
]
STAGE = geometry(
    [quad(2.0, 0.0, "/floor")], {"a": [[ball(0.2, 16, "/ball")]]}, MATERIALS,
    [dome(0.3), light("sphere", transform(np.eye(3), [0.5, -0.5, 1.0]), radius=0.1, intensity=20.0)],
)  # fmt: skip
FRAME = state(camera((0, -1.0, 0.8), (0, 0, 0.1), (64, 48), 60.0), [slot("a", (0, 0, 0.2))])


@pytest.fixture(scope="module")
def reference() -> np.ndarray:
    return image(STAGE, FRAME, spp=1024)


def error(found: np.ndarray, reference: np.ndarray) -> float:
    return float(np.sqrt(np.mean((found - reference) ** 2)))


def test_more_samples_make_less_noise(reference: np.ndarray) -> None:
    assert error(image(STAGE, FRAME, spp=64), reference) < 0.5 * error(image(STAGE, FRAME, spp=4), reference)


def test_stratified_samples_beat_chance(reference: np.ndarray) -> None:
    """Sixteen times the samples would quarter the error of independent ones; stratified ones do better."""
    assert error(image(STAGE, FRAME, spp=64), reference) < 0.22 * error(image(STAGE, FRAME, spp=4), reference)


def test_denoising_brings_an_image_nearer_to_the_truth(reference: np.ndarray) -> None:
    noisy, clean = (image(STAGE, FRAME, spp=4, denoise=on) for on in (False, True))
    assert error(clean, reference) < 0.6 * error(noisy, reference)
    assert clean.min() >= 0


def test_qualities_of_the_denoiser_differ() -> None:
    fast, high = (image(STAGE, FRAME, spp=4, denoise=True, quality=quality) for quality in ("fast", "high"))
    assert not np.array_equal(fast, high)


def test_deeper_paths_find_more_light() -> None:
    means = [image(STAGE, FRAME, spp=16, max_depth=depth).mean() for depth in (1, 2, 6)]
    assert means[0] < means[1] < means[2] < 1.5 * means[0]


def test_pixels_are_linear_float32_with_seconds_by_stage() -> None:
    found = render(STAGE, FRAME, spp=4, denoise=True)
    pixels = found.linear["front"]
    assert pixels.dtype == np.float32 and pixels.shape == (48, 64, 3)
    assert set(found.seconds) == {"build", "render", "denoise"}


def test_without_pixels_asked_for_none_are_made() -> None:
    with renderer(spp=4) as engine:
        engine.open(Stage(STAGE), ["front"], [])
        assert engine.render(FRAME).linear == {}


def test_the_version_names_all_that_decides_pixels() -> None:
    with renderer() as engine:
        words = engine.version
    for name in ("mitsuba 3.", "drjit 1.", "llvm ", " x", "oidn 2."):
        assert name in words


def test_rendering_before_opening_says_so() -> None:
    with renderer() as engine, pytest.raises(EngineError, match="no stage is open"):
        engine.render(FRAME)


def test_a_missing_denoiser_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyoidn", None)
    with pytest.raises(EngineError) as caught:
        renderer(denoise=True)
    assert str(caught.value) == (
        "the Python package 'pyoidn' is not installed\n"
        "  expected: the extra twin[render]\n"
        "  try: pip install 'twin[render]', or set 'denoise: false'"
    )
    renderer(denoise=False).close()


def test_a_missing_gpu_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.engines.mitsuba.renderer._has_cuda", lambda: False)
    with pytest.raises(EngineError, match="no NVIDIA GPU can be used here"):
        renderer(device="cuda")
    with renderer(device="auto") as engine:
        assert "llvm" in engine.version


def test_nothing_hinders_the_engine_here() -> None:
    assert Mitsuba.obstacle() == ""


def test_what_a_stage_cannot_show_is_named_in_full() -> None:
    odd = material("/bumpy", displacement=0.1, occlusion=Texture(Path("x.png"), "raw"))
    coat = material("/coat", clearcoat=Texture(Path("x.png"), "raw"))
    stage = geometry([], None, [odd, coat], [], unsupported={"/World/Hair": "a BasisCurves has no place"})
    with pytest.raises(EngineError) as caught:
        image(stage, FRAME)
    assert str(caught.value) == (
        "/nowhere: the engine 'mitsuba' cannot render 3 constructs of this stage:\n"
        "    /World/Hair: a BasisCurves has no place\n"
        "    /bumpy: the input 'displacement' is not supported; the input 'occlusion' is not supported\n"
        "    /coat: an image drives the input 'clearcoat', which takes a constant here\n"
        "  try: remove these prims or inputs, or render with another engine"
    )


def test_what_a_frame_cannot_show_is_named_too() -> None:
    frame = state(FRAME.cameras, FRAME.slots, 3, {"/ball/surface": {"inputs:displacement": 0.1}})
    with pytest.raises(EngineError, match="frame 3: the engine 'mitsuba' cannot render 1 construct of this stage"):
        image(STAGE, frame)


def test_a_scaled_away_image_is_a_constant() -> None:
    """An input whose image has scale 0 is its bias, whatever the input, and the image is not read."""
    gone = Texture(Path("/nowhere.png"), "raw", scale=(0.0,) * 4, bias=(1.0, 1.0, 1.0, 1.0))
    stage = geometry([quad(1.0, 0.0, "/m")], None, [material("/m", occlusion=gone, opacity=gone)], [dome(1.0)])
    assert image(stage, state(camera()), spp=4).mean() > 0


def test_an_old_llvm_that_came_first_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dr.Jit imported before twin may have found a system LLVM that aborts the process; it is refused before that."""
    renderer().close()
    monkeypatch.setattr("drjit.detail.llvm_version", lambda: (15, 0, 6))
    with pytest.raises(EngineError) as caught:
        renderer()
    assert str(caught.value) == (
        "Dr.Jit has loaded LLVM 15.0.6\n"
        "  expected: LLVM 19 or newer\n"
        "  try: import twin before drjit or mitsuba, or set DRJIT_LIBLLVM_PATH"
    )
