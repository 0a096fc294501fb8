"""Find, fetch, make and read assets: meshes, materials, environment maps, all as plain arrays.

Nothing here imports ``pxr``; :mod:`twin.stage` writes assets to USD.
"""
