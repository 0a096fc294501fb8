"""Rigid-body physics: let things fall until they rest. The only package that imports MuJoCo, and it does so lazily."""
