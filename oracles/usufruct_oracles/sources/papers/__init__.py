"""Documents of business (protocol §4g): sessions, water levels and rain, rents, data licences, as canonical JSON."""
