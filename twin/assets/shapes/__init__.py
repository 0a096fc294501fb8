"""Shape made objects: pure geometry from numbers, no materials and no chance."""
