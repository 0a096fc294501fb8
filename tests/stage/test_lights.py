"""Lights point where the spec says, in UsdLux's own terms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from twin.stage.lights import Disk, Distant, Dome, Rect, Sphere


def test_a_dome_stands_upright_and_turns_about_the_vertical() -> None:
    for angle in (0.0, 0.7, 3.0):
        dome: Any = Dome.model_construct(kind="dome", rotation=angle)
        T = dome.pose()
        assert T[:3, 1] == pytest.approx([0, 0, 1]), "the pole, UsdLux's +y, is up"
        # at rest the image's centre, +z, shows towards world -y; the turn is counter-clockwise seen from above
        assert T[:3, 2] == pytest.approx([np.sin(angle), -np.cos(angle), 0])
        assert np.linalg.det(T[:3, :3]) == pytest.approx(1)


def test_a_dome_without_an_image_has_none() -> None:
    dome: Any = Dome.model_construct(kind="dome", intensity=2.0, exposure=1.0)
    values = dome.values(None)
    assert values["inputs:texture:file"] == {"asset": ""}
    assert (values["inputs:intensity"], values["inputs:exposure"]) == (2.0, 1.0)


def test_the_sun_shines_from_where_it_stands() -> None:
    sun: Any = Distant.model_construct(kind="distant", azimuth=np.pi / 2, elevation=np.pi / 6)
    emitted = -sun.pose()[:3, 2]
    assert emitted == pytest.approx([0, -np.cos(np.pi / 6), -0.5])
    assert sun.values(None)["inputs:normalize"] is True
    assert sun.values(None)["inputs:angle"] == pytest.approx(0.53, abs=1e-3)


@pytest.mark.parametrize("kind", [Rect, Disk])
def test_flat_lights_shine_at_their_target(kind: Any) -> None:
    light = kind.model_construct(position=(1.0, 2.0, 3.0), look_at=(0.0, 0.0, 0.5))
    T = light.pose()
    assert T[:3, 3] == pytest.approx([1, 2, 3])
    aim = np.array([-1.0, -2.0, -2.5])
    assert -T[:3, 2] == pytest.approx(aim / np.linalg.norm(aim))


@pytest.mark.parametrize("kind", [Rect, Disk])
def test_flat_lights_shine_down_unless_told(kind: Any) -> None:
    assert -kind.model_construct(position=(0.0, 0.0, 3.0)).pose()[:3, 2] == pytest.approx([0, 0, -1])
    turned = kind.model_construct(position=(0.0, 0.0, 3.0), rotation=(np.pi / 2, 0.0, 0.0)).pose()
    assert -turned[:3, 2] == pytest.approx([0, 1, 0])


def test_two_aims_are_one_too_many() -> None:
    with pytest.raises(ValidationError, match="'look_at' or 'rotation', not both"):
        Rect(kind="rect", position=(0.0, 0.0, 1.0), look_at=(0.0, 0.0, 0.0), rotation=("0 deg", "0 deg", "0 deg"))  # type: ignore[arg-type]


def test_temperature_is_switched_on_with_its_value() -> None:
    cold: Any = Sphere.model_construct(kind="sphere", position=(0.0, 0.0, 1.0))
    warm: Any = Sphere.model_construct(kind="sphere", position=(0.0, 0.0, 1.0), temperature=2700.0)
    assert cold.values(None)["inputs:enableColorTemperature"] is False
    assert (warm.values(None)["inputs:enableColorTemperature"], warm.values(None)["inputs:colorTemperature"]) == (
        True,
        2700,
    )
