"""Lets torchvision be imported beside a torch that it was not built for: for tests of compressai alone.

compressai imports torchvision, of which its image networks use nothing. PyTorch's index apart, torchvision comes for one build
of torch only; beside another its library does not load, and its import ends with "operator torchvision::nms does not exist".
Then the two operators are declared, without code, and it is imported anew. The package itself never does this. Tests put this
folder on a process's PYTHONPATH, where Python finds it by its name; one that fits is left alone.
"""

import sys


class BeforeTorchvision:
    """Looks on as torchvision is imported for the first time."""

    def find_spec(self, name, path=None, target=None):
        if name == "torchvision":
            sys.meta_path.remove(self)
            declare_where_missing()
        return


def declare_where_missing():
    """Declares what torchvision's own library would bring, if that does not load."""
    import torch

    try:
        import torchvision  # noqa: F401
    except ImportError:
        return
    except RuntimeError:
        for module in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[module]
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        torch.torchvision_operators = library  # lives as long as what it declares


sys.meta_path.insert(0, BeforeTorchvision())
