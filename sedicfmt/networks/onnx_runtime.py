"""A network as an ONNX graph, run by ONNX Runtime on the CPU: one library for what torch would bring ten times the bytes for.

The graph names its weights as tensors of other files (`training/onnx_graph.py`). Both are read and held against their SHA-256
by the caller, and given here as bytes: nothing else is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sedicfmt.networks.packages import package
from sedicfmt.networks.threads import threads

ONLY_WARN = 3  # of fatal errors and errors; warnings are of no use to a user


class Network:
    """An opened graph. `graph`: its bytes; `files`: the bytes of each file that it names."""

    def __init__(self, graph: bytes, files: Mapping[str, bytes]):
        """Raises MissingDependency without ONNX Runtime, and what that raises for a graph that it cannot open."""
        runtime = package("onnxruntime", "nano", "restoring needs", instead="or ask for the reference picture alone")
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads(), 1
        options.log_severity_level = ONLY_WARN
        # threads that wait busily are far slower where another process has a core
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        held = list(files.values())  # the session reads them while it is opened
        options.add_external_initializers_from_files_in_memory(list(files), held, [len(data) for data in held])
        self.session = runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def __call__(self, **inputs: NDArray[Any]) -> NDArray[Any]:
        """The graph's only output for inputs by their names, of the types and shapes that the graph states."""
        given = {name: np.ascontiguousarray(value) for name, value in inputs.items()}
        result: NDArray[Any] = self.session.run(None, given)[0]
        return result
