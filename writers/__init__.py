"""Write frames to files."""
