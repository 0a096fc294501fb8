"""Where cameras stand; importing this package registers the kinds."""

from twin.randomizers.camera.fixed import FixedPose
from twin.randomizers.camera.mount import MountPose
from twin.randomizers.camera.orbit import OrbitPose

__all__ = ["FixedPose", "MountPose", "OrbitPose"]
