"""Files for desktops and shells, made by `sedic_tools.pages.shell_files` or by hand, and put in place by `sedic-desktop`."""
