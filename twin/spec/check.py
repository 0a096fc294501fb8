"""Check what the models cannot: that the names in a scene fit each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from twin.errors import listed, nearest
from twin.spec.messages import Problem, problem_at
from twin.spec.references import Library
from twin.spec.scene import Camera, Object, Scene
from twin.spec.tree import Node
from twin.spec.values import Distribution, Random, walk


@dataclass(frozen=True)
class _Checked:
    """A scene under check."""

    scene: Scene
    root: Node
    library: Library

    def problem(self, path: str, text: str, *, expected: str = "", hint: str = "") -> Problem:
        return problem_at(self.root, path, text, expected=expected, hint=hint)

    def unknown(self, path: str, what: str, name: str, known: Collection[str]) -> Problem:
        text = f"no {what} is named '{name}'"
        return self.problem(path, text, expected=listed(known), hint=nearest(name, known))


def check(scene: Scene, root: Node, library: Library) -> list[Problem]:
    """Return everything about the names of a scene that does not fit.

    Args:
        scene: A scene whose parts are valid each.
        root: The tree that it was made from, which knows the places.
        library: Knows the classes of named assets.
    """
    checked = _Checked(scene, root, library)
    return [problem for rule in _RULES for problem in rule(checked)]


def _names_apart(checked: _Checked) -> Iterator[Problem]:
    """Objects, fixtures and cameras share one set of names: a camera may look at each of them."""
    scene, taken = checked.scene, dict[str, str]()
    for section, names in (("objects", scene.objects), ("world", scene.world.fixtures), ("cameras", scene.cameras)):
        for name in names:
            if name in taken:
                text = f"the name is taken by {taken[name]}.{name}"
                yield checked.problem(f"{section}.{name}", text, hint="give it a name of its own")
            taken[name] = section


def _slots_apart(checked: _Checked) -> Iterator[Problem]:
    """The slots of «cup» are prims named cup_0, cup_1, ...; no other object may be called that."""
    owners = {name: name for name, thing in checked.scene.objects.items() if most(thing.count) == 1}
    for name, thing in checked.scene.objects.items():
        for number in range(most(thing.count)) if most(thing.count) > 1 else ():
            owner = owners.setdefault(f"{name}_{number}", name)
            if owner != name:
                text = f"the name is that of slot {number} of '{name}' in the stage"
                yield checked.problem(f"objects.{owner}", text, hint="give it a name of its own")


def _classes(checked: _Checked) -> Iterator[Problem]:
    """Every class that is used has an id of its own, where ids are given."""
    classes = checked.scene.classes
    ids = Counter(classes.values())
    for name, number in classes.items():
        if ids[number] > 1:
            others = listed(other for other in classes if classes[other] == number and other != name)
            yield checked.problem(f"classes.{name}", f"the id {number} is also that of {others}")
    for path, label in _labels(checked) if classes else ():
        if label not in classes:
            yield checked.problem(
                path, f"its class '{label}' is not in 'classes'", expected=listed(classes),
                hint=nearest(label, classes) or f"classes: {{{label}: {max(classes.values()) + 1}}}",
            )  # fmt: skip


def _labels(checked: _Checked) -> Iterator[tuple[str, str]]:
    """Yield (path, class) for everything in the scene that has a class."""
    for name, thing in checked.scene.objects.items():
        if thing.label is not None:
            yield f"objects.{name}.label", thing.label
        else:
            for label in sorted(_own_labels(thing, checked.library)):
                yield f"objects.{name}.asset", label
    for name, fixture in checked.scene.world.fixtures.items():
        if fixture.label is not None:
            yield f"world.{name}.label", fixture.label


def _own_labels(thing: Object, library: Library) -> set[str]:
    """Return the classes that an object's assets have of their own."""
    asset = thing.asset
    names = asset.support() if isinstance(asset, Distribution) else (asset,)
    return {library.label(name) if isinstance(name, str) else name.label_name for name in names}


def _placements(checked: _Checked) -> Iterator[Problem]:
    """Each object is placed exactly once, on a fixture that exists, for a whole number of holds a block."""
    scene, placed = checked.scene, dict[str, str]()
    for name, placement in scene.placement.items():
        for number, thing in enumerate(placement.objects):
            path = f"placement.{name}.objects.{number}"
            if thing not in scene.objects:
                yield checked.unknown(path, "object", thing, scene.objects)
            elif thing in placed:
                yield checked.problem(path, f"'{thing}' is placed by '{placed[thing]}' already")
            placed.setdefault(thing, name)
        on = getattr(placement, "on", None)
        if isinstance(on, str) and on not in scene.world.fixtures:
            yield checked.unknown(f"placement.{name}.on", "fixture", on, scene.world.fixtures)
        if scene.pool.every % placement.every:
            text = f"a pose held for {placement.every} frames would outlive its block of {scene.pool.every}"
            yield checked.problem(f"placement.{name}.every", text, expected="a divisor of pool.every")
    for name in scene.objects:
        if name not in placed:
            hint = f"placement: {{drop: {{kind: scatter, objects: [{name}], ...}}}}"
            yield checked.problem(f"objects.{name}", "nothing places this object", hint=hint)


def _cameras(checked: _Checked) -> Iterator[Problem]:
    """A pose refers to what is there, and never to itself through others."""
    scene = checked.scene
    known = {*scene.objects, *scene.world.fixtures, *scene.cameras}
    for name, camera in scene.cameras.items():
        for target in camera.pose.refers_to:
            if target not in known:
                yield checked.unknown(_target_path(name, camera, target), "object, fixture or camera", target, known)
        circle = _circle(name, scene.cameras)
        if circle and min(circle[:-1]) == name:
            yield checked.problem(f"cameras.{name}.pose", f"the cameras hang on each other: {' -> '.join(circle)}")


def _target_path(name: str, camera: Camera, target: str) -> str:
    """Return the path of the field of a pose that names a target."""
    fields = [field for field, value in camera.pose if value == target]
    return ".".join(["cameras", name, "pose", *fields[:1]])


def _circle(start: str, cameras: Mapping[str, Camera]) -> list[str]:
    """Return a chain of cameras from one back to itself, or an empty list."""
    chains = [[start]]
    while chains:
        chain = chains.pop()
        for name in cameras[chain[-1]].pose.refers_to:
            if name == start:
                return [*chain, start]
            if name in cameras and name not in chain:
                chains.append([*chain, name])
    return []


def _requirements(checked: _Checked) -> Iterator[Problem]:
    """A requirement names an object and a camera."""
    for name, rule in checked.scene.require.items():
        if rule.visible not in checked.scene.objects:
            yield checked.unknown(f"require.{name}.visible", "object", rule.visible, checked.scene.objects)
        if rule.camera not in checked.scene.cameras:
            yield checked.unknown(f"require.{name}.camera", "camera", rule.camera, checked.scene.cameras)


def _wanted_labels(checked: _Checked) -> Iterator[Problem]:
    """A label is asked for once."""
    labels = checked.scene.labels
    for number, label in enumerate(labels):
        if label in labels[:number]:
            yield checked.problem(f"labels.{number}", f"'{label}' is listed twice")


def _held_by_the_block(checked: _Checked) -> Iterator[Problem]:
    """What shapes the stage is drawn once a block; it cannot be held for a time of its own."""
    for path, distribution, scoped in walk(checked.scene):
        if scoped and distribution.every != 1:
            text = f"what shapes the stage is drawn once a block of {checked.scene.pool.every} frames"
            yield checked.problem(f"{path}.every", text, hint="leave it out: pool.every decides")


def most(count: Random[int]) -> int:
    """Return how many of an object can be there at once."""
    return max(count.support()) if isinstance(count, Distribution) else count


_RULES: tuple[Callable[[_Checked], Iterable[Problem]], ...] = (
    _names_apart, _slots_apart, _classes, _placements, _cameras, _requirements, _wanted_labels,
    _held_by_the_block,
)  # fmt: skip
