"""Let objects come to rest. The only package that imports MuJoCo."""
