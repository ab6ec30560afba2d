"""Help: quick, complete, and on stdout."""

import subprocess
import sys

import pytest
import typer

from albumnet.cli import _ORDER, app

HEAVY = {"torch", "torchvision", "timm", "numpy", "pyarrow", "PIL", "safetensors", "rich"}
COMMANDS = typer.main.get_command(app).commands
SUBCOMMANDS = [(name, sub) for name, group in COMMANDS.items() if hasattr(group, "commands") for sub in group.commands]


def modules_after(*arguments: str) -> tuple[set[str], subprocess.CompletedProcess]:
    """Top-level modules that a command has imported by its end, in a process of its own."""
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print(*sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr))\n"
        "from albumnet.cli import main\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120)
    return set(done.stderr.splitlines()[-1].split()), done


def test_help_imports_no_heavy_library():
    modules, done = modules_after("--help")
    assert done.returncode == 0
    assert not modules & HEAVY


def test_help_names_every_command(run):
    said = run("--help")
    assert said.code == 0
    assert {"demo", "import", "split", "card", "features", "train", "predict", "score"} <= set(COMMANDS)
    for name in COMMANDS:
        assert f"  {name} " in said.out


@pytest.mark.parametrize("words", [(name,) for name in COMMANDS] + SUBCOMMANDS, ids=" ".join)
def test_every_command_has_help_of_its_own(run, words):
    said = run(*words, "--help")
    assert said.code == 0
    assert "Usage: " in said.out
    assert said.err == ""


def test_no_command_at_all_is_wrong_usage(run):
    assert run().code == 2


def test_prediction_imports_no_torch(work):
    modules, done = modules_after("predict", str(work.cover), "--model", str(work.run), "--json")
    assert done.returncode == 0, done.stderr
    assert "onnxruntime" in modules
    assert not modules & {"torch", "timm", "torchvision"}


def test_every_command_stands_in_the_order_of_the_help_and_its_line_is_whole():
    command = [sys.executable, "-m", "albumnet", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = said[said.index("Commands:") :].splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(_ORDER)
    assert [line for line in lines if line.endswith("...")] == []
