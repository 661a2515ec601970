#!/usr/bin/env python
"""Django's command-line entry point."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError

from config.postgres.unavailable import advice_on

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Before OpenMP is loaded: threads of a training that wait for each other would spin. Beside busy cores,
    # which any running installation has, a training then takes twice its CPU time.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")  # a setting's own message; a traceback would hide it
    except DatabaseError as error:
        if "--traceback" in sys.argv or (advice := advice_on(error)) is None:
            raise
        sys.exit(advice)
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell says it; a traceback would tell nothing
