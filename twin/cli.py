"""Parse the command line, call the library, print results: no logic of its own.

Results go to stdout, progress and messages to stderr. Exit codes: 0 done, 2 a wrong spec or flag, 3 a missing engine,
4 some shards failed, 75 worth retrying, 130 and 143 ended by a signal.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn, Optional

import typer
from typer.core import TyperGroup

from twin.errors import RunError, TwinError, extra_missing

RENDER_MODULES = ("coacd", "drjit", "mitsuba", "mujoco", "oidn", "PIL", "pxr", "pyoidn", "scipy", "trimesh")


class Group(TyperGroup):
    """A command group in which every deliberate error ends in one message and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except TwinError as error:
            _fail(error)
        except OSError as error:
            if error.filename is None or isinstance(error, BrokenPipeError):
                raise
            _fail(RunError(f"the file cannot be used: {error.strerror}", where=str(error.filename)))
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in RENDER_MODULES:
                raise
            _fail(extra_missing(str(error.name), "render"))
        except KeyboardInterrupt:
            print("twin: interrupted; run the same command again to go on", file=sys.stderr)
            raise typer.Exit(130) from None


def _fail(error: TwinError) -> NoReturn:
    print(f"twin: {error}", file=sys.stderr)
    raise typer.Exit(error.exit_code) from None


app = typer.Typer(
    cls=Group,
    help="Turn one YAML scene spec into a USD digital twin and labelled training data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
assets = typer.Typer(help="List, show and fetch library assets.", no_args_is_help=True)

SceneFile = Annotated[Path, typer.Argument(help="Scene spec, a YAML file.", show_default=False)]
Sets = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads this form
    typer.Option("--set", metavar="PATH=VALUE", help="Override one value of the spec; may be repeated."),
]
Plugins = Annotated[
    Optional[list[Path]],  # noqa: UP045
    typer.Option("--plugin", help="Python file with kinds of your own; may be repeated."),
]
MOST = 2**62
"""Largest seed and frame index."""

Seed = Annotated[int, typer.Option(min=0, max=MOST, help="Seed of every draw.")]

DESIGN, GENERATE, MACHINE = "Design", "Generate", "Machine"


@app.command(rich_help_panel=DESIGN)
def check(
    scene: Annotated[Optional[Path], typer.Argument(help="Scene spec, a YAML file.", show_default=False)] = None,  # noqa: UP045
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema for editors instead.")] = False,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print the resolved spec, each value with its origin.")
    ] = False,
    sets: Sets = None,
    plugins: Plugins = None,
) -> None:
    """Check a scene spec, or print its schema or its resolved form."""
    from twin import api

    if schema:
        print(api.schema_text(plugins or ()))
    elif scene is None:
        raise typer.BadParameter("name a scene spec, or ask for --schema")
    else:
        twin = api.load(scene, sets=sets or (), plugins=plugins or ())
        print(twin.resolved() if resolved else f"{scene}: ok, {twin.summary()}")


@app.command(rich_help_panel=DESIGN)
def render(
    scene: SceneFile,
    frame: Annotated[Optional[int], typer.Option(min=0, max=MOST, help="Frame to make alone.")] = None,  # noqa: UP045
    sheet: Annotated[int | None, typer.Option(min=1, max=400, help="Make a contact sheet of this many frames.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write: .h5 or .png.", show_default=False)
    ] = None,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Draw boxes, masks and keypoints over the pixels.")
    ] = False,
    seed: Seed = 0,
    sets: Sets = None,
    plugins: Plugins = None,
) -> None:
    """Render one frame (a picture or a one-frame shard), or a contact sheet."""
    from twin import api

    if (frame is None) == (sheet is None):
        raise typer.BadParameter("ask for exactly one of --frame N and --sheet N")
    twin = api.load(scene, seed=seed, sets=sets or (), plugins=plugins or ())
    with twin:
        if sheet:
            print(twin.render_sheet(sheet, out, overlay=overlay))
        else:
            print("\n".join(map(str, twin.render_frame(frame or 0, out, overlay=overlay))))


@app.command(rich_help_panel=DESIGN)
def build(
    scene: SceneFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="USD file to write.")] = Path("twin.usda"),
    frame: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=0, max=MOST, help="Also write this frame as a layer over the twin."),
    ] = None,
    mdl: Annotated[bool, typer.Option("--mdl/--no-mdl", help="Write OmniPBR beside UsdPreviewSurface.")] = True,
    seed: Seed = 0,
    sets: Sets = None,
    plugins: Plugins = None,
) -> None:
    """Compile the scene to a USD digital twin."""
    from twin import api

    for path in api.build(scene, out, frame=frame, mdl=mdl, seed=seed, sets=sets or (), plugins=plugins or ()):
        print(path)


@app.command(rich_help_panel=GENERATE)
def generate(
    scene: Annotated[Path | None, typer.Argument(help="Scene spec; left out with --from.", show_default=False)] = None,
    frames: Annotated[Optional[int], typer.Option(min=1, max=MOST, help="Number of frames in the dataset.")] = None,  # noqa: UP045
    out: Annotated[Optional[Path], typer.Option("--out", "-o", help="Dataset folder; run again to resume.")] = None,  # noqa: UP045
    source: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--from", help="Render the stored states of this dataset again."),
    ] = None,
    shard_size: Annotated[Optional[int], typer.Option(min=1, help="Frames in a shard.")] = None,  # noqa: UP045
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and touch nothing.")] = False,
    seed: Annotated[Optional[int], typer.Option(min=0, max=MOST, help="Seed of every draw.", show_default="0")] = None,  # noqa: UP045
    sets: Sets = None,
    plugins: Plugins = None,
) -> None:
    """Generate a labelled dataset; run again on its folder to resume, repair or extend it."""
    from twin import dataset

    if dry_run:
        text = dataset.plan(
            scene, frames=frames, out=out, source=source, shard_size=shard_size, seed=seed, sets=sets or (),
            plugins=plugins or (),
        )  # fmt: skip
        print("\n".join(text))
        return
    if out is None:
        raise typer.BadParameter("name the dataset folder with --out")
    made = dataset.generate(
        scene, frames=frames, out=out, source=source, shard_size=shard_size, seed=seed, sets=sets or (),
        plugins=plugins or (),
    )  # fmt: skip
    print(f"shards  {made.folder} ({made.frames} frames; {made.made} shards made, {made.kept} kept)")
    print(f"twin    {made.twin}")
    if made.sheet:
        print(f"sheet   {made.sheet}")


@app.command(rich_help_panel=MACHINE)
def doctor() -> None:
    """Say which engines can run here, and why the others cannot."""
    from twin.doctor import report

    lines, ready = report()
    print("\n".join(lines))
    raise typer.Exit(0 if ready else 3)


@assets.command("list")
def assets_list(
    pattern: Annotated[str, typer.Argument(help="Names to list, such as 'core/wood/*'.")] = "*",
) -> None:
    """List library assets."""
    from twin.assets.catalogue_text import list_text

    print(list_text(pattern))


@assets.command("show")
def assets_show(name: Annotated[str, typer.Argument(help="Asset name, such as core/bowl/white_bowl.")]) -> None:
    """Show what the catalogue knows about one asset."""
    from twin.assets.catalogue_text import show_text

    print(show_text(name))


@assets.command("fetch")
def assets_fetch(pack: Annotated[str, typer.Argument(help="Pack to fetch.")] = "core") -> None:
    """Fetch a pack into the cache; run again to resume."""
    from twin.assets.fetch import fetch

    print(fetch(pack, None, lambda line: print(line, file=sys.stderr)))


app.add_typer(assets, name="assets", rich_help_panel=MACHINE)


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, _terminate)
    app()


def _terminate(number: int, stack: FrameType | None) -> NoReturn:
    """End as a shell expects of SIGTERM; what is finished stays, what is half-written is dropped."""
    from twin.progress import end_after_frame

    end_after_frame(number)
    print("twin: terminated; run the same command again to go on", file=sys.stderr)
    raise SystemExit(128 + number)
