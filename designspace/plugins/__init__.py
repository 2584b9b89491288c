"""Plug-ins: kinds, leaves and decisions from a user's own file, as good as the package's own.

A plug-in is one Python file. It subclasses a family, such as `Mixer`, and the new kind is a choice
in every specification from then on: counted, built, searched over, saved and exported like any
other. There are three ways to bring one in, and each of them is an act of the user:

- `--plugin FILE.py` on the command line, or `designspace.use_plugin("FILE.py")` in Python;
- an entry point in the group `designspace.kinds` of a package that the user installed;
- the user's own list of trusted files (see `trusted`), for data that ask for a plug-in by hash.

**Data never run code.** The key `plugins:` of a YAML file, of a study or of a weights file holds
names and SHA-256 hashes. It is compared with what is loaded (see `required`), and is never used to
find a file. Where something is missing, the command ends and says what to add.

Example. `plugins: {focal.py: 3fa9...}` in a weights file, opened without `--plugin`, ends with
`needs the plug-in focal.py`. With `--plugin focal.py` the hash of the given file is compared with
`3fa9...`, and only then is the network loaded.

The source of a plug-in travels with each job to the workers of a search. Processes that unpickle
its classes, as those of a data loader do, find it through `inherited`.
"""

from designspace.plugins.loading import Plugin, active, adopt, use_plugin
from designspace.plugins.origin import blamed, kinds_of, plugin_of, plugins_of, strays

__all__ = [
    "Plugin",
    "active",
    "adopt",
    "blamed",
    "kinds_of",
    "plugin_of",
    "plugins_of",
    "strays",
    "use_plugin",
]
