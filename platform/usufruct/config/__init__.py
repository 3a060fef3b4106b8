"""The community file: what a project consists of, read once, checked completely, resolved into
plain records.

`load_community` is the only way in. Everything that can be wrong is reported with file, line,
field, value, rule and remedy, all at once, before anything touches a chain.
"""

from usufruct.config.load import load_community, parse_community
from usufruct.config.model import Community, Delays, DevReference, Oracle, Project
from usufruct.config.model_rights import Holder, Offering, Participant, Series
from usufruct.config.model_streams import Estimation, Meter, Stream
from usufruct.config.model_waterfalls import Kpi, Waterfall, WaterfallStep
from usufruct.config.problems import ConfigErrors

__all__ = [
    "Community",
    "ConfigErrors",
    "Delays",
    "DevReference",
    "Estimation",
    "Holder",
    "Kpi",
    "Meter",
    "Offering",
    "Oracle",
    "Participant",
    "Project",
    "Series",
    "Stream",
    "Waterfall",
    "WaterfallStep",
    "load_community",
    "parse_community",
]
