"""`python -m tests.faults.supervised`: the Procfile's processes under the supervisor, as with `manage.py up`,
on the database and services from the environment.
"""

import os

import django

django.setup()

from contextlib import closing  # noqa: E402

from django.conf import settings  # noqa: E402

from config.processes.running import procfile_programs, supervise  # noqa: E402
from serving.listening import listen, read_address  # noqa: E402
from supervision.supervisor import sole_supervisor  # noqa: E402

if __name__ == "__main__":
    with (
        sole_supervisor(settings.VAR_DIR) as record,
        closing(listen(*read_address(os.environ))) as listener,
    ):
        supervise(procfile_programs(os.environ, listener=listener), record)
