"""Pages for people: server-rendered from the ledger, without scripts where none are needed, in English and Chinese."""

from usufruct.web.page import told
from usufruct.web.site import install

__all__ = ["install", "told"]
