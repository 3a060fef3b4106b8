"""The community of the simulation: small, so that thousands of schedules take minutes."""

from __future__ import annotations

from typing import Final

ZONE: Final = "Asia/Shanghai"
MONTH: Final = "2027-02"
DAYS: Final = 28
PREFIX: Final = 26
"""Days that have ended, undisturbed, before a schedule begins."""

COMMUNITY: Final = """
schema = 1
[project]
code = "SIM"
name = "Simulated village"
label = "synthetic"
timezone = "Asia/Shanghai"
gfa_m2 = 1_000
households = 4
first_period = "2027-02"
salt = "salt of the simulated village"
[currency]
code = "USDX"
name = "Test Dollar"
decimals = 6
[delays]
signers = "2d"
rules = "7d"
[roles]
admin = ["dev:0"]
registrar = ["dev:0"]
issuer = ["dev:0"]
oracle_admin = ["dev:7"]
treasurer = ["dev:1"]
pauser = ["dev:2"]
guardian = ["dev:2"]
auditor = ["dev:3"]
policy = ["dev:3"]
fund_manager = ["dev:9"]
[oracle]
threshold = 2
signers = ["dev:4", "dev:5", "dev:6"]
[[stream]]
id = 1
code = "WATER"
kind = "WATER"
measure = "interval"
base_unit = "L"
privacy = "open"
challenge_window = "3d"
funding_grace = "5d"
min_coverage = "95%"
max_estimated = "5%"
resolution_time = "7d"
unanswered_dispute = "dismiss"
[stream.tariff]
id = "water"
rows = [{ id = "retained", price = "1.60", per = "m3" }]
calendar = [{ row = "retained" }]
[[meters]]
stream = "WATER"
prefix = "cistern"
count = 1
first_id = 11
unit = "mm"
multiplier = "1000"
interval = "6h"
nameplate = "2800000"
scheme = "gateway-secp256k1"
key = "dev"
calibrated_until = "2030-12-31"
"""
