"""A typed client of the REST API; scripts/clientgen.py writes `model` and `operations` from the OpenAPI document."""

from usufruct.client.http import ApiProblem
from usufruct.client.operations import Client

__all__ = ["ApiProblem", "Client"]
