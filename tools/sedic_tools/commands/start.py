"""Where the commands begin and end. Imports next to nothing, so that an interruption is told in one line from the first on.

What goes wrong within a command is told by `command.run`; here is what goes wrong before and after it: while the rest is
imported, while arguments are read, and when the last of what was printed goes out.
"""

import sys

interruptions: list[int] = []
"""The signals that came; a library that is at work then may make an error of its own of it (numpy: ImportError)."""


def pack() -> int:
    """sedic-pack."""
    return _start("pack")


def unpack() -> int:
    """sedic-unpack."""
    return _start("unpack")


def inspect() -> int:
    """sedic-inspect."""
    return _start("inspect")


def diff() -> int:
    """sedic-diff."""
    return _start("diff")


def grep() -> int:
    """sedic-grep."""
    return _start("grep")


def train() -> int:
    """sedic-train."""
    return _start("train")


def corpus() -> int:
    """sedic-corpus."""
    return _start("corpus")


def eval() -> int:
    """sedic-eval."""
    return _start("eval")


def split() -> int:
    """sedic-split."""
    return _start("split")


def join() -> int:
    """sedic-join."""
    return _start("join")


def desktop() -> int:
    """sedic-desktop."""
    return _start("desktop")


def sedic() -> int:
    """sedic COMMAND ...: all of them by one name."""
    tool = sys.argv[1] if len(sys.argv) > 1 else ""
    if tool not in COMMANDS:
        return _start("every")
    sys.argv[:2] = [f"{sys.argv[0]} {tool}"]
    return _start(tool)


COMMANDS = {
    "pack": "a picture into a .sedic file", "unpack": "a .sedic file into a picture", "inspect": "what a file is made of",
    "diff": "in what two files differ", "grep": "find files by the words in them",
    "split": "a file into frames for a thin link", "join": "frames into a file",
    "eval": "measure codecs on a folder of pictures", "corpus": "files for testing decoders",
    "train": "train the models that ship", "desktop": "file type, thumbnails, completion and man pages for this system",
}  # fmt: skip
"""Every command and what it does."""


def silence(name: str) -> None:
    """What is left to be written to "stdout" or "stderr" goes nowhere, and does not fail again when the interpreter ends."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), getattr(sys, name).fileno())


def _start(tool: str) -> int:
    """Import the command and run it; returns the exit code. Once it is done, an interruption comes too late."""
    try:
        import os
        import signal

        # numpy's threads wait busily for each other: where another process has a core, two are far slower than one
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _interrupt)
        exit_code = _exit_code(tool)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except (KeyboardInterrupt, ImportError) as error:
        if isinstance(error, ImportError) and not interruptions:  # numpy's C code makes one of an interruption
            raise
        exit_code = 130
        _say(f"sedic-{tool}: interrupted")
    if not _flushed("stdout") and exit_code == 0:
        exit_code = 74
        _say(f"sedic-{tool}: standard output cannot be written")
    _flushed("stderr")
    return exit_code


def _interrupt(number: int, frame: object) -> None:
    interruptions.append(number)
    raise KeyboardInterrupt


def _exit_code(tool: str) -> int:
    from importlib import import_module

    try:
        return int(import_module(f"sedic_tools.commands.{tool}").main())
    except SystemExit as leaving:  # argparse: the help, the version, wrong usage
        return leaving.code if isinstance(leaving.code, int) else 0


def _say(line: str) -> None:
    from contextlib import suppress

    with suppress(OSError):  # there may be nobody to tell
        print(line, file=sys.stderr)


def _flushed(name: str) -> bool:
    """Whether all that was printed to the stream went out."""
    try:
        stream = getattr(sys, name)
        if stream is not None:
            stream.flush()
        return True
    except OSError:
        silence(name)
        return False
