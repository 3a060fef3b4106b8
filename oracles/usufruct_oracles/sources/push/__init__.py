"""Authenticated HTTP push: devices and hubs post messages, a durable inbox keeps them until the journal has them."""
