"""Everything that talks to a node.

Reading (`client`), sending (`sender`, `outbox`), explaining (`explain`).
"""
