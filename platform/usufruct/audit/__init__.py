"""Auditing money and single readings without being shown what is nobody else's business."""
