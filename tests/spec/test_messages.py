# ruff: noqa: E501 - specs and messages stand as they are written
"""Every message says where, what was found, what would be right and what to try."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tests.spec.made import SPEC, changed, load, message
from twin import registry
from twin.errors import SpecError

MESSAGES = [
        ('kind: dome, hdri', 'kind: dome, hdrl', "x.yaml:7:21: lights.sky.hdrl: unknown name\n  expected: color, exposure, hdri, intensity, kind, rotation, temperature\n  try: did you mean 'hdri'?"),
        ('kind: dome', 'kind: doom', "x.yaml:7:15: lights.sky.kind: unknown kind 'doom'\n  expected: disk, distant, dome, rect, sphere\n  try: did you mean 'dome'?"),
        ('kind: dome, ', '', 'x.yaml:7:3: lights.sky.kind: missing\n  expected: disk, distant, dome, rect, sphere'),
        ('kind: dome', 'kind: [1]', 'x.yaml:7:15: lights.sky.kind: expected a kind, found a list of 1\n  expected: disk, distant, dome, rect, sphere'),
        ('sky: {kind: dome, hdri: {choice: core/hdri/*, split: train}, rotation: {uniform: [0 deg, 360 deg]}}', 'sky: 5', "x.yaml:7:8: lights.sky: expected a mapping with 'kind', found 5\n  expected: kind: disk, distant, dome, rect, sphere"),
        ('sky: {kind: dome, hdri: {choice: core/hdri/*, split: train}, rotation: {uniform: [0 deg, 360 deg]}}', 'sky:', 'x.yaml:7:7: lights.sky: null, where there is nothing to delete\n  expected: a mapping with kind: disk, distant, dome, rect, sphere'),
        ('fov: 1 rad', 'fov: 60', "x.yaml:17:40: cameras.wrist.fov: a bare number is ambiguous for an angle; write '60 deg' or '60 rad'"),
        ('fov: 1 rad', 'fov: 60 dge', "x.yaml:17:40: cameras.wrist.fov: '60 dge' is no angle; write a number and one of: rad, deg, °, turn; did you mean 'deg'?"),
        ('fov: 1 rad', 'fov: sixty', "x.yaml:17:40: cameras.wrist.fov: 'sixty' is no angle; write a number and one of: rad, deg, °, turn"),
        ('fov: 1 rad', 'fov: 190 deg', "x.yaml:17:40: cameras.wrist.fov: must be below 180 deg, found '190 deg'"),
        ('fov: 1 rad', 'fov: true', 'x.yaml:17:40: cameras.wrist.fov: expected an angle, found true'),
        ('[320, 240]', '[320]', 'x.yaml:17:11: cameras.wrist.resolution: expected a list of 2, found a list of 1'),
        ('[320, 240]', '[320, 240, 3]', 'x.yaml:17:11: cameras.wrist.resolution: expected a list of 2, found a list of 3'),
        ('[320, 240]', '[320, 4]', 'x.yaml:17:29: cameras.wrist.resolution.1: must be at least 8, found 4'),
        ('[320, 240]', '[320, 240.5]', 'x.yaml:17:29: cameras.wrist.resolution.1: expected an integer, found 240.5'),
        ('[320, 240]', '320', 'x.yaml:17:23: cameras.wrist.resolution: expected 2 integers, found 320'),
        ('[320, 240]', '[320, "240"]', "x.yaml:17:29: cameras.wrist.resolution.1: expected an integer, found the text '240'"),
        ('{integers: [1, 3]}', '{uniform: [1, 3]}', "x.yaml:10:70: objects.bowl.count: 'uniform' cannot stand here\n  expected: an integer, or one of: choice, constant, integers\n  try: use 'integers'"),
        ('{integers: [1, 3]}', '{intgers: [1, 3]}', "x.yaml:10:70: objects.bowl.count: expected an integer, found a mapping of 'intgers'\n  expected: an integer, or one of: choice, constant, integers\n  try: did you mean 'integers'?"),
        ('{integers: [1, 3]}', '{integers: [3, 1]}', 'x.yaml:10:70: objects.bowl.count: the range ends before it begins: 3 is above 1'),
        ('{integers: [1, 3]}', '{integers: [-1, 3]}', 'x.yaml:10:89: objects.bowl.count.integers.0: must be at least 0, found -1'),
        ('{integers: [1, 3]}', '{integers: [1]}', 'x.yaml:10:78: objects.bowl.count.integers: expected a list of 2, found a list of 1'),
        ('{integers: [1, 3]}', '{integers: [1, 3], choice: [2]}', 'x.yaml:10:96: objects.bowl.count.choice: unknown name\n  expected: every, integers'),
        ('{integers: [1, 3]}', '{integers: [1, 3], evry: 2}', "x.yaml:10:96: objects.bowl.count.evry: unknown name\n  expected: every, integers\n  try: did you mean 'every'?"),
        ('{uniform: [3 cm, 4 cm]}', '{uniform: [4 cm, 30 mm]}', 'x.yaml:9:28: objects.mug.asset.handle_width: the range ends before it begins: 4 cm is above 30 mm'),
        ('{uniform: [3 cm, 4 cm]}', '{normal: [3 cm, 1 cm]}', "x.yaml:9:28: objects.mug.asset.handle_width: 'normal' can draw -0.0520954 m, but it must be above 0\n  try: give 'min' and 'max'"),
        ('{uniform: [3 cm, 4 cm]}', '{normal: [3 cm, -1 cm], min: 1 cm}', 'x.yaml:9:28: objects.mug.asset.handle_width: a standard deviation is above 0'),
        (', min: 50 deg, max: 70 deg', ', min: 90 deg, max: 70 deg', 'x.yaml:15:5: cameras.front.fov: the range ends before it begins: 90 deg is above 70 deg'),
        ('{loguniform: [0.5, 2]}', '{loguniform: [0, 2]}', 'x.yaml:10:118: objects.bowl.scale.loguniform.0: must be above 0, found 0'),
        ('{constant: 40 deg}', '{constant: 100 deg}', "x.yaml:16:97: cameras.front.pose.elevation.constant: must be at most 90 deg, found '100 deg'"),
        ('roughness: $wear', 'rougness: $wear', "x.yaml:5:64: world.table.material.rougness: unknown name\n  expected: base, color, ior, metallic, opacity, roughness, texture_size\n  try: did you mean 'roughness'?"),
        ('roughness: $wear', 'roughness: core/wood/oak', "x.yaml:5:75: world.table.material.roughness: expected a fraction, found the text 'core/wood/oak'"),
        ('{base: {choice: core/wood/*}, roughness: $wear}', 'core/wood/oka', "x.yaml:5:34: world.table.material: no material is named 'core/wood/oka'\n  expected: core/stone/granite, core/wood/oak, core/wood/pine\n  try: did you mean 'core/wood/oak'?"),
        ('{base: {choice: core/wood/*}, roughness: $wear}', '[core/wood/oak]', 'x.yaml:5:24: world.table.material: expected a material name, found a list of 1'),
        ('{choice: core/wood/*}', '{choice: core/wod/*}', "x.yaml:5:50: world.table.material.base.choice: no material matches 'core/wod/*'\n  expected: core/stone/granite, core/wood/oak, core/wood/pine\n  try: did you mean 'core/wood/oak'?"),
        ('{choice: core/hdri/*, split: train}', '{choice: core/hdri/f*, split: train}', "x.yaml:7:36: lights.sky.hdri.choice: no hdri matches 'core/hdri/f*' in the split 'train'\n  expected: core/hdri/forest, core/hdri/lane, core/hdri/studio\n  try: did you mean 'core/hdri/forest'?"),
        ('{choice: core/hdri/*, split: train}', '{choice: core/hdri/*, split: trian}', "x.yaml:7:56: lights.sky.hdri.split: found the text 'trian'\n  expected: 'train', 'val' or 'test'\n  try: did you mean 'train'?"),
        ('[core/bowl/*, core/plate/red]', '[core/bowl/*, core/plate/rde]', "x.yaml:10:18: objects.bowl.asset.choice: no object is named 'core/plate/rde'\n  expected: core/bowl/black, core/bowl/white, core/plate/red\n  try: did you mean 'core/plate/red'?"),
        ('{choice: [core/bowl/*, core/plate/red]}', 'core/bowl/whit', "x.yaml:10:17: objects.bowl.asset: no object is named 'core/bowl/whit'\n  expected: core/bowl/black, core/bowl/white, core/plate/red\n  try: did you mean 'core/bowl/white'?"),
        ('{choice: [core/bowl/*, core/plate/red]}', '7', 'x.yaml:10:17: objects.bowl.asset: expected an object name, found 7'),
        ('{choice: [core/bowl/*, core/plate/red]}', '{chioce: [core/bowl/*]}', "x.yaml:10:10: objects.bowl.asset.kind: missing\n  expected: bottle, box, cylinder, mesh, mug, sphere\n  try: did you mean 'choice'?"),
        ('{kind: mug, handle_width: {uniform: [3 cm, 4 cm]}}', '{handle_width: 3 cm}', 'x.yaml:9:9: objects.mug.asset.kind: missing\n  expected: bottle, box, cylinder, mesh, mug, sphere'),
        ('labels: [rgb', 'frames: 20\nlabels: [rgb', 'x.yaml:19:1: frames: unknown name\n  expected: cameras, classes, engine, labels, lights, objects, placement, pool, require, twin, world\n  try: it is a flag: twin generate --frames'),
        ('cameras:', 'camera:', "2 errors in x.yaml\nx.yaml:1:1: cameras: missing\n  expected: Cameras by name.\nx.yaml:13:1: camera: unknown name\n  expected: cameras, classes, engine, labels, lights, objects, placement, pool, require, twin, world\n  try: did you mean 'cameras'?"),
        ('labels: [rgb, depth, pose]', 'labels: [rgb, dept]', "x.yaml:19:15: labels.1: no label is named 'dept'\n  expected: boxes, depth, instance, keypoints, normals, pose, rgb, semantic, visibility\n  try: did you mean 'depth'?"),
        ('labels: [rgb, depth, pose]', 'labels: []', 'x.yaml:19:9: labels: expected at least 1, found 0'),
        ('engine: {kind: blank}\n', '', 'x.yaml:1:1: engine: missing\n  expected: How pixels are made.'),
        ('twin: 1', 'twin: 2', 'x.yaml:1:7: twin: found 2\n  expected: 1'),
        ('    fov: {normal: [60 deg, 5 deg], min: 50 deg, max: 70 deg}\n', '', "x.yaml:14:3: cameras.front: a camera needs exactly one of 'fov' and 'intrinsics'"),
        ('target: mug', 'target: {mug: 1}', "x.yaml:16:25: cameras.front.pose.target: expected 3 lengths, found a mapping of 'mug'"),
        ('target: mug', 'target: [0, 1]', 'x.yaml:16:25: cameras.front.pose.target: expected a list of 3, found a list of 2'),
        ('target: mug', 'target: my mug', "x.yaml:16:33: cameras.front.pose.target: 'my mug' is no name\n  expected: letters, digits and _, and no digit first"),
        ('  wrist:', '  my wrist:', "x.yaml:17:3: cameras.my wrist: 'my wrist' is no name\n  expected: letters, digits and _, and no digit first"),
        ('mug: 1,', 'mug: 70000,', 'x.yaml:3:16: classes.mug: must be at most 65535, found 70000'),
        ('settle: 2 s', 'settle: -2 s', "x.yaml:12:66: placement.drop.settle: must be at least 0, found '-2 s'"),
        ('pool: {size: 2, every: 20}', 'pool: 5', 'x.yaml:20:7: pool: expected a mapping, found 5'),
        ('objects: [mug, bowl]', 'objects: mug', "x.yaml:12:34: placement.drop.objects: expected a list of names, found the text 'mug'"),
    ]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), MESSAGES)
def test_messages(old: str, new: str, said: str, folder: Path) -> None:
    assert message(changed(old, new), folder) == said


def test_all_errors_are_said_together_by_line(folder: Path) -> None:
    text = SPEC.replace("kind: dome", "kind: doom").replace("twin: 1", "twin: 3").replace("size: 2", "size: 0")
    assert message(text, folder) == (
        "3 errors in x.yaml\n"
        "x.yaml:1:7: twin: found 3\n"
        "  expected: 1\n"
        "x.yaml:7:15: lights.sky.kind: unknown kind 'doom'\n"
        "  expected: disk, distant, dome, rect, sphere\n"
        "  try: did you mean 'dome'?\n"
        "x.yaml:20:14: pool.size: must be at least 1, found 0"
    )


def test_a_long_list_is_cut(folder: Path) -> None:
    text = message(SPEC + "".join(f"wrong_{number}: 1\n" for number in range(30)), folder)
    assert text.startswith("30 errors in x.yaml\n") and text.endswith("\n... and 10 more")
    assert text.count("unknown name") == 20


def test_data_without_lines_is_named_by_its_path(folder: Path) -> None:
    data = {"twin": 1, "engine": {"kind": "blank"}, "cameras": {"a": {"fov": "10 deg", "pose": {"kind": "fixd"}}}}
    with pytest.raises(SpecError) as caught:
        registry.loads(data, folder=folder, name="run.json")
    assert str(caught.value) == (
        "run.json: cameras.a.pose.kind: unknown kind 'fixd'\n  expected: fixed, mount, orbit\n  try: did you mean 'fixed'?"
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"twin": object()}, "scene: a object cannot stand in a spec"),
        ({1: 2}, "scene: the key 1 is no text"),
        ({"twin": "\0"}, "scene: the character '\\x00' cannot stand in a text"),
    ],
)
def test_data_that_is_not_plain_is_refused(data: dict[str, object], said: str, folder: Path) -> None:
    with pytest.raises(SpecError) as caught:
        registry.loads(data, folder=folder)
    assert str(caught.value) == said


def test_data_that_never_ends_is_refused(folder: Path) -> None:
    data: dict[str, object] = {}
    data["twin"] = data
    with pytest.raises(SpecError, match="nested more than 32 deep"):
        registry.loads(data, folder=folder)


def test_errors_travel_between_processes() -> None:
    error = pickle.loads(pickle.dumps(SpecError("wrong", where="x.yaml:1:2", hint="do it")))
    assert isinstance(error, SpecError) and str(error) == "x.yaml:1:2: wrong\n  try: do it"


def test_the_sound_spec_is_sound(folder: Path) -> None:
    assert set(load(SPEC, folder).scene.cameras) == {"front", "wrist"}
