"""What a release shares with the host: `python -m daemon.installing.sharing SHARE` writes it."""

from __future__ import annotations

import sys
from pathlib import Path

from typer.main import get_command

from daemon.cli import plug_in
from daemon.commands.manual import Shell, manual, script
from daemon.commands.root import app

MANUAL = "man/man1/fileferry.1"
BASH = "bash-completion/completions/fileferry"
ZSH = "zsh/site-functions/_fileferry"
FISH = "fish/vendor_completions.d/fileferry.fish"


def share(folder: Path) -> None:
    plug_in(app)
    texts = {
        MANUAL: manual(get_command(app)),
        BASH: script(Shell.BASH),
        # zsh loads the file at the first Tab, which is to be answered already.
        ZSH: script(Shell.ZSH) + '_fileferry_completion "$@"\n',
        FISH: script(Shell.FISH),
    }
    for place, text in texts.items():
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    share(Path(sys.argv[1]))
