"""An asset's hash says everything that shows, collides or is labelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.writers import made
from twin.assets.asset import Symmetries


def test_symmetries_and_the_order_of_keypoints_count() -> None:
    asset = replace(made.asset("mug-1"), symmetries=Symmetries())
    points = {"a": asset.parts[0].points[0], "b": asset.parts[0].points[1]}
    turn, half = np.diag([-1.0, -1.0, 1.0, 1.0]), np.diag([1.0, -1.0, -1.0, 1.0])
    up, along = ((0.0, 0.0, 1.0), (0.0, 0.0, 0.0)), ((1.0, 0.0, 0.0), (0.0, 0.0, 0.1))
    variants = [
        replace(asset, keypoints=points),
        replace(asset, keypoints=dict(reversed(points.items()))),
        *(
            replace(asset, keypoints=points, symmetries=symmetries)
            for symmetries in (
                Symmetries((turn,)),
                Symmetries((turn, half)),
                Symmetries((half, turn)),
                Symmetries((), (up,)),
                Symmetries((), (along,)),
                Symmetries((turn,), (up,)),
            )
        ),
    ]
    assert len({variant.sha256 for variant in variants}) == len(variants)
    assert replace(variants[0], keypoints=dict(points)).sha256 == variants[0].sha256
