"""A ServiceNow instance on loopback that answers as a real one does, and misbehaves on demand."""

from sandbox.servicenow.instance import Instance, Properties
from sandbox.servicenow.seed import SEEDED
from sandbox.servicenow.server import ServiceNow

__all__ = ["SEEDED", "Instance", "Properties", "ServiceNow"]
