"""Plug-ins: kinds, leaves and decisions from a user's own file, equal to those of the package.

A plug-in is one Python file. It subclasses a family, such as `Mixer`, and the new kind is a choice
in every specification from then on: it is counted, built, searched over, saved and exported like
any other. There are three ways to load one, and each of them is an action of the user:

- `--plugin FILE.py` on the command line, or `designspace.use_plugin("FILE.py")` in Python;
- an entry point in the group `designspace.kinds` of a package that the user installed;
- the user's own list of trusted files (see `trusted`), for data that need a plug-in by hash.

**Data never run code.** The key `plugins:` of a YAML file, of a study or of a weights file holds
names and SHA-256 hashes. It is compared with the loaded plug-ins (see `required`), and never says
which file to run. If a plug-in is missing, the command ends and says what to add.

Example. `plugins: {focal.py: 3fa9...}` in a weights file, opened without `--plugin`, ends with
`needs the plug-in focal.py`. With `--plugin focal.py` the hash of the given file is compared with
`3fa9...`, and only then is the network loaded.

The source of a plug-in is sent with each trial to the workers of a search. Processes that unpickle
its classes, such as those of a data loader, find it through `inherited`.
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
