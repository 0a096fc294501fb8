# ruff: noqa: E501 - specs and messages stand as they are written
"""Names in a scene fit each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.made import SPEC, changed, load, message

CHECKS = [
    ("objects: [mug, bowl]", "objects: [mug]",
     "x.yaml:10:3: objects.bowl: nothing places this object\n  try: placement: {drop: {kind: scatter, objects: [bowl], ...}}"),
    ("objects: [mug, bowl]", "objects: [mug, bowl, bolw]",
     "x.yaml:12:46: placement.drop.objects.2: no object is named 'bolw'\n  expected: bowl, mug\n  try: did you mean 'bowl'?"),
    ("objects: [mug, bowl]", "objects: [mug, bowl, mug]",
     "x.yaml:12:46: placement.drop.objects.2: 'mug' is placed by 'drop' already"),
    ("cameras:\n", "  again: {kind: scatter, objects: [bowl], on: table}\ncameras:\n",
     "x.yaml:13:36: placement.again.objects.0: 'bowl' is placed by 'drop' already"),
    ("on: table", "on: tabel",
     "x.yaml:12:51: placement.drop.on: no fixture is named 'tabel'\n  expected: table\n  try: did you mean 'table'?"),
    ("every: 5", "every: 8",
     "x.yaml:12:78: placement.drop.every: a pose held for 8 frames would outlive its block of 20\n  expected: a divisor of pool.every"),
    ("classes: {mug: 1, table: 2}", "classes: {cup: 1, mugs: 2, table: 3}",
     "2 errors in x.yaml\n"
     "x.yaml:9:9: objects.mug.asset: its class 'mug' is not in 'classes'\n  expected: cup, mugs, table\n  try: did you mean 'mugs'?\n"
     "x.yaml:10:65: objects.bowl.label: its class 'mug' is not in 'classes'\n  expected: cup, mugs, table\n  try: did you mean 'mugs'?"),
    ("label: mug, ", "",
     "2 errors in x.yaml\n"
     "x.yaml:10:10: objects.bowl.asset: its class 'bowl' is not in 'classes'\n  expected: mug, table\n  try: classes: {bowl: 3}\n"
     "x.yaml:10:10: objects.bowl.asset: its class 'plate' is not in 'classes'\n  expected: mug, table\n  try: classes: {plate: 3}"),
    ("label: table", "label: tray",
     "x.yaml:5:90: world.table.label: its class 'tray' is not in 'classes'\n  expected: mug, table\n  try: classes: {tray: 3}"),
    ("classes: {mug: 1, table: 2}", "classes: {mug: 1, table: 1}",
     "2 errors in x.yaml\nx.yaml:3:16: classes.mug: the id 1 is also that of table\nx.yaml:3:26: classes.table: the id 1 is also that of mug"),
    ("target: mug", "target: mugg",
     "x.yaml:16:33: cameras.front.pose.target: no object, fixture or camera is named 'mugg'\n"
     "  expected: bowl, front, mug, table, wrist\n  try: did you mean 'mug'?"),
    ("kind: orbit, target: mug", "kind: orbit, target: wrist",
     "x.yaml:16:5: cameras.front.pose: the cameras hang on each other: front -> wrist -> front"),
    ("on: front", "on: wrist", "x.yaml:17:47: cameras.wrist.pose: the cameras hang on each other: wrist -> wrist"),
    ("visible: mug", "visible: table", "x.yaml:18:29: require.target.visible: no object is named 'table'\n  expected: bowl, mug"),
    ("camera: front, min", "camera: fornt, min",
     "x.yaml:18:42: require.target.camera: no camera is named 'fornt'\n  expected: front, wrist\n  try: did you mean 'front'?"),
    ("{loguniform: [0.5, 2]}", "{loguniform: [0.5, 2], every: 10}",
     "x.yaml:10:134: objects.bowl.scale.every: what shapes the stage is drawn once a block of 20 frames\n  try: leave it out: pool.every decides"),
    ("{uniform: [3 cm, 4 cm]}", "{uniform: [3 cm, 4 cm], every: 20}",
     "x.yaml:9:73: objects.mug.asset.handle_width.every: what shapes the stage is drawn once a block of 20 frames\n  try: leave it out: pool.every decides"),
    ("label: table}", "label: table, size: [{uniform: [1, 2], every: 2}, 1]}",
     "x.yaml:5:129: world.table.size.0.every: what shapes the stage is drawn once a block of 20 frames\n  try: leave it out: pool.every decides"),
    ("label: mug, count", "density: {choice: [900, 950], every: 3}, label: mug, count",
     "x.yaml:10:95: objects.bowl.density.every: what shapes the stage is drawn once a block of 20 frames\n  try: leave it out: pool.every decides"),
    ("labels: [rgb, depth, pose]", "labels: [rgb, depth, rgb]", "x.yaml:19:22: labels.2: 'rgb' is listed twice"),
    ("  wrist:", "  table:", "x.yaml:17:3: cameras.table: the name is taken by world.table\n  try: give it a name of its own"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), CHECKS)
def test_names_that_do_not_fit_are_said(old: str, new: str, said: str, folder: Path) -> None:
    assert message(changed(old, new), folder) == said


def test_what_a_block_draws_may_say_that_it_is_not_held(folder: Path) -> None:
    text = changed("{loguniform: [0.5, 2]}", "{loguniform: [0.5, 2], every: 1}").replace(
        "rotation: {uniform: [0 deg, 360 deg]}", "rotation: {uniform: [0 deg, 360 deg], every: 7}"
    )
    assert load(text, folder).scene == load(text.replace(", every: 1}", "}"), folder).scene


def test_slot_names_do_not_collide(folder: Path) -> None:
    text = changed("  bowl: {", "  bowl_1: {asset: {kind: box, size: [1 cm, 1 cm, 1 cm]}, label: mug}\n  bowl: {")
    assert message(text.replace("[mug, bowl]", "[mug, bowl, bowl_1]"), folder) == (
        "x.yaml:10:3: objects.bowl_1: the name is that of slot 1 of 'bowl' in the stage\n  try: give it a name of its own"
    )


def test_without_classes_any_label_will_do(folder: Path) -> None:
    text = SPEC.replace("classes: {mug: 1, table: 2}\n", "").replace("label: table", "label: tray")
    assert load(text, folder).scene.classes == {}
