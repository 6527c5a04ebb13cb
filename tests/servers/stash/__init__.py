"""A loopback Stash: GraphQL, pictures, sessions, hooks, bad weather; and a plugin runner."""

from .model import StashError
from .reply import Request
from .runner import PluginResult, run_plugin
from .server import LoopbackStash

__all__ = ["LoopbackStash", "PluginResult", "Request", "StashError", "run_plugin"]
