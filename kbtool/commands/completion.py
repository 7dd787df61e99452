"""`kbtool completion`: prints a script that makes a shell complete commands and options."""

from __future__ import annotations

import argparse

from kbtool import terminal

SHELLS = ("bash", "zsh", "tcsh")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "shell",
        choices=SHELLS,
        help='bash, zsh: put `eval "$(kbtool completion zsh)"` into ~/.zshrc, the same for bash into ~/.bashrc',
    )


def run(options: argparse.Namespace) -> int:
    """Prints the script."""
    import shtab

    terminal.say([shtab.complete(options.whole_parser(), options.shell)])
    return 0
