"""Why pip failed, in our words: its own may hold the credentials of a package index.

The texts are those of pip 23 to 26; it logs why an index gave nothing only with -vv.
"""

import re
import sys
import sysconfig

UNBUILT = (
    "the package index has nothing that fits this system "
    f"({sysconfig.get_platform()}, Python {sys.version_info.major}.{sys.version_info.minor})"
)

_CAUSES = (
    (
        r"No module named '?pip\b",
        "this Python has no pip (Alpine: apk add py3-pip, Debian: apt install python3-pip)",
    ),
    (
        r"DO NOT MATCH THE HASHES",
        "a file is not the one that the package index announces (wrong hash), and was refused",
    ),
    (r"\[Errno (?:28|122)\]|\[WinError 112\]", "the disk is full"),
    (  # a firewall refuses a connection with 13 too
        r"(?<!new connection: )\[Errno (?:13|30)\]|\[WinError 5\]",
        "pip may not write to the disk",
    ),
    (
        r"\b(?:401|403|407) (?:Client )?Error|HTTP error (?:401|403|407)\b",
        "the package index refuses to let pip in: check the credentials in pip's configuration",
    ),
    (
        r"confirming the ssl certificate",
        "this system does not trust the package index's certificate",
    ),
    (
        r"is not a trusted or secure host",
        "the package index has no https, and pip's configuration does not trust it",
    ),
    (
        r"Could not fetch URL.*(?:connection error|timed out|Max retries)|Retrying \(|"
        r"(?:ReadTimeout|ConnectionReset|ProtocolError|NewConnection)Error",
        "the package index does not answer (no network?)",
    ),
    (r"No matching distribution found|ResolutionImpossible|conflicting dependencies", UNBUILT),
)  # the first that is found counts: what fails at first has pip say later ones too


def cause_of(output: str) -> str:
    """The cause, without a word of what pip was given by its configuration.

    Args:
        output: all that it said, with -vv.
    """
    for pattern, cause in _CAUSES:
        if re.search(pattern, output):
            return cause
    return "pip failed for a reason that only it can tell"
