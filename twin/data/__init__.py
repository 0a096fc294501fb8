"""Read shards: what trainers import. Needs neither USD nor any engine."""
