"""A frame state survives its JSON exactly."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.frame import CameraState, Frame, FrameState, SlotState

floats = st.floats(allow_nan=False, allow_infinity=False)


def state_of(numbers: list[float]) -> FrameState:
    T = np.array(numbers, dtype=float).reshape(4, 4)
    camera = CameraState(640, 480, T[:3, :3], T.ravel()[:8], T, exposure=numbers[0])
    slots = (SlotState("mug", True, 2, T), SlotState("bottle.0", False, 0, np.full((4, 4), np.nan)))
    opinions = {"/World/lights/sky": {"inputs:intensity": numbers[1], "inputs:texture:file": {"asset": "a.hdr"}}}
    return FrameState(3, 7, 0, 1, slots, {"front": camera}, opinions, {"let.wear": numbers[2], "x": [1, 2]})


@given(st.lists(floats, min_size=16, max_size=16))
def test_json_round_trip_is_exact(numbers: list[float]) -> None:
    state = state_of(numbers)
    again = FrameState.from_json(state.to_json())
    assert again.to_json() == state.to_json()
    np.testing.assert_array_equal(again.cameras["front"].T_world_camera, state.cameras["front"].T_world_camera)
    assert np.isnan(again.slots[1].T_world_object).all() and again.slots[0].present


def test_json_has_sorted_keys_and_no_nan() -> None:
    text = state_of([float(n) for n in range(16)]).to_json()
    assert "NaN" not in text
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_a_frame_answers_by_short_and_by_full_name() -> None:
    depth = np.zeros((2, 2), dtype=np.float32)
    frame = Frame(state_of([0.0] * 16), {"cameras/front/depth": depth})
    assert frame["front/depth"] is depth and frame["cameras/front/depth"] is depth
    assert frame.camera("front") == {"depth": depth}


def test_a_frame_names_its_arrays_and_the_nearest_one() -> None:
    frame = Frame(state_of([0.0] * 16), {"cameras/front/depth": np.zeros((2, 2), dtype=np.float32)})
    assert "front/depth" in frame and "front/dept" not in frame and list(frame) == ["cameras/front/depth"]
    assert repr(frame) == "Frame(3: cameras/front/depth)"
    with pytest.raises(KeyError, match="did you mean 'cameras/front/depth'"):
        frame["front/dept"]
