"""The harness: a folder of pictures through any codecs, measured, as tables, curves and files that others read.

What happens to a picture, each step in a process of its own and kept by what it was made of (cache.py):

    prepare.py        the picture as papers prepare it
    sources/          encode: a file on disk; decode: a picture, of that file alone
    metrics/          figures of the picture beside the prepared one, and of all pictures of a point together
    results.py, …     rows, CSV, CompressAI's JSON, BD-rates
    report/           the page

`experiment.py` says what is wanted (a file of TOML, or the command line), `run.py` does it.
"""
