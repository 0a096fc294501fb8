"""Read shards: what trainers import. Needs neither USD nor any engine."""

from twin.data.dataset import Dataset, FrameArrays, open_dataset
from twin.data.shard import Shard

__all__ = ["Dataset", "FrameArrays", "Shard", "open_dataset"]
