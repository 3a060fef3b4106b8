"""The keeper: settles what is final and funded, and pushes payouts to holders.

Everything it does anyone may do, and the contracts let nothing happen twice; so two keepers, or one that dies at any
point and starts again, only ever repeat questions.
"""
