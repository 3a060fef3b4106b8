"""Final facts as events: a durable outbox, read by anyone who may, streamed, and delivered to webhooks."""
