"""The web server in front of Django: the listening socket, HTTP/1.1 connections and the thread pool.

The Django apps do not import this package. The parent process, which supervises the workers, imports no
application code, so that a reload starts workers on the code that is then on disk.
"""
