"""The web server in front of Django: the listening socket, request bodies and threads.

Nothing here is imported by the applications, and the process that supervises the workers imports nothing of
them: a reload starts workers on whatever code is there.
"""
