"""Latency by stage, requests, lanes, consumers and processes of the last minutes, with advice."""
