"""Command lines: arguments, progress and exit codes; installed as `sedic_tools`."""
