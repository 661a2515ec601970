"""What the OpenAPI document says. Payloads come from the catalog, so that it says what the code does."""
