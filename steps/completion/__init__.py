"""Scripts that let a shell complete steps, flags and choices: `canary-steps completion bash`.

A script holds the whole table of commands, so that a shell asks no process while somebody types.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from steps.completion.bash import bash_script
from steps.completion.fish import fish_script
from steps.completion.zsh import zsh_script
from steps.model.flags import Command, Flag, Takes

SHELLS: Final[Mapping[str, Callable[[Sequence[Command]], str]]] = {
    "bash": bash_script,
    "zsh": zsh_script,
    "fish": fish_script,
}
"""The function that writes a shell's script."""

COMPLETION: Final = Command(
    "completion",
    "print a script that lets bash, zsh or fish complete steps, flags and choices",
    (),
    Flag("--shell", Takes.CHOICE, "|".join(SHELLS), tuple(SHELLS), "The shell."),
)

COMPLETION_HELP: Final = """\
usage: canary-steps completion bash|zsh|fish

Print a script that lets the shell complete steps, flags and choices. To load it in each new shell:

  bash  canary-steps completion bash > ~/.local/share/bash-completion/completions/canary-steps
  zsh   canary-steps completion zsh > ~/.zfunc/_canary-steps    (with fpath+=~/.zfunc before compinit)
  fish  canary-steps completion fish > ~/.config/fish/completions/canary-steps.fish

To try it in this shell only: source <(canary-steps completion bash), the same with zsh, or
canary-steps completion fish | source
"""
