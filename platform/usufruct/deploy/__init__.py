"""From a community file to a chain and back.

What would change (`plan`), and making it so (`apply`).
"""
