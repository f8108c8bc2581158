"""How to install what is missing: the one place that says it.

sedicfmt itself is on no package index, so an extra of it cannot be asked for by name. But an extra is only a list of packages,
and those are on the index. The list comes with whatever was installed, a clone or a wheel; the advice is to install them.
"""

from __future__ import annotations

import re
import shlex

EXTRA_OF = re.compile(r"extra == ['\"]([\w-]+)['\"]")


def pip_install(*requirements: str) -> str:
    """The shell command that installs packages of the index."""
    return shlex.join(["pip", "install", *requirements])


def install_extra(extra: str) -> str:
    """The shell command that installs what the extra consists of; where nothing is installed, how a clone installs it."""
    packages = extra_packages(extra)
    return pip_install(*packages) if packages else f"{pip_install(f'.[{extra}]')} in a clone of sedicfmt's repository"


def install_whole() -> str:
    """How sedicfmt with its commands gets beside a Python."""
    return f"{pip_install('.')} in a clone of sedicfmt's repository"


def install_requirements_of(package: str) -> str:
    """The shell command that installs what another installed package states that it requires; empty where that is nothing."""
    from importlib import metadata

    stated = metadata.requires(package) or []
    wanted = [line.partition(";")[0].strip() for line in stated if "extra ==" not in line]
    return pip_install(*wanted) if wanted else ""


def extra_packages(extra: str) -> list[str]:
    """The requirements of an extra, as the installed package states them; none where it is not installed."""
    from importlib import metadata  # imported where something is missing: it brings a parser of mails

    try:
        stated = metadata.requires("sedicfmt") or []
    except metadata.PackageNotFoundError:
        return []
    parts = [line.partition(";") for line in stated]
    return [need.strip() for need, _, marker in parts if EXTRA_OF.findall(marker) == [extra]]
