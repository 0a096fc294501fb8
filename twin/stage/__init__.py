"""Compile scenes to USD, write frames as layers over it, and read stages back as plain arrays.

The only package of twin that imports ``pxr``; import its modules where they are needed, so that a
command that touches no stage stays fast.
"""
