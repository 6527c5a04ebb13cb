"""A Plex Media Server on loopback, with libraries, locks, posters and bad weather."""

from tests.servers.plex.item import Item, Part, Section
from tests.servers.plex.journal import Request
from tests.servers.plex.server import LoopbackPlex
from tests.servers.plex.weather import Mood, Sky

__all__ = ["Item", "LoopbackPlex", "Mood", "Part", "Request", "Section", "Sky"]
