"""Standard output is a command's own lines: what a library's thread prints goes to standard error."""

import io
import sys
import threading

from sedic_tools.commands.output import OfThisThread


def test_only_the_thread_that_made_it_writes_there(monkeypatch):
    ours, others = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", OfThisThread(ours))
    monkeypatch.setattr(sys, "stderr", others)
    print("a line of JSON")
    thread = threading.Thread(target=lambda: print("(raylet) A worker died", flush=True))
    thread.start()
    thread.join()
    print("another", flush=True)
    assert ours.getvalue() == "a line of JSON\nanother\n" and others.getvalue() == "(raylet) A worker died\n"
    assert sys.stdout.seekable()  # all else is the stream's
