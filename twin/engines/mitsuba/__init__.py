"""Render with Mitsuba 3 and Intel Open Image Denoise: path tracing that needs nothing but pip.

Mitsuba gives the ray tracer (Embree, OptiX) and Dr.Jit the compiler; what is traced lies in tables. Materials,
textures, lights, lenses and poses are data that one kernel reads, so nothing that a frame changes is compiled again.
"""
