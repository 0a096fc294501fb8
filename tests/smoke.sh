#!/bin/sh
# Install one distribution in a clean environment and use it as a stranger would: sh tests/smoke.sh dist/x.whl
set -eu
here=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet "$here/$1[render]"
cd "$work"
venv/bin/twin --help >/dev/null
cat >scene.yaml <<'YAML'
twin: 1
classes: {ball: 1}
world: {floor: {kind: floor, size: [2, 2]}}
lights: {sky: {kind: dome, intensity: {uniform: [0.5, 1]}}}
objects: {ball: {asset: {kind: sphere, radius: 10 cm}, label: ball}}
placement: {rest: {kind: fixed, objects: [ball], position: [0, 0, {uniform: [0, 10 cm]}]}}
cameras: {front: {resolution: [64, 48], fov: 60 deg, pose: {kind: orbit, target: ball, distance: 0.8 m, elevation: 30 deg}}}
engine: {kind: mitsuba, spp: 4}
YAML
venv/bin/twin check scene.yaml
venv/bin/twin build scene.yaml -o twin.usda
venv/bin/twin generate scene.yaml --frames 2 --out out >/dev/null
venv/bin/python - <<'PY'
import h5py
from twin.data import open_dataset
with h5py.File("out/shard-000000.h5") as shard:
    assert shard["cameras/front/depth"].shape == (2, 48, 64), shard["cameras/front/depth"].shape
assert open_dataset("out").frame(1)["cameras/front/rgb"].shape == (48, 64, 3)
PY
echo "smoke test passed: $1"
