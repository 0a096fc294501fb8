"""Draw frames: distributions over values, and joint draws such as placements and camera poses."""
