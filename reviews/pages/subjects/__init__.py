"""The pages of entities: search, their events, and erasing what is stored of them."""
