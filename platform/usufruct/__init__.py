"""Usufruct anchors signed meter readings on a chain and pays the holders of income rights."""
