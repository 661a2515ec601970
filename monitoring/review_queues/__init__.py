"""Review queues: alerts on their SLA."""
