"""Django settings, from the environment only. Every value that is not Django's default says why."""

import logging
import os
from datetime import timedelta
from pathlib import Path

import dj_database_url
import django_stubs_ext
from celery.schedules import crontab
from django.templatetags.static import static
from django.urls import reverse_lazy
from marshmallow.validate import ContainsOnly, OneOf, Range

from config.environment import (
    broker_url,
    check_apps,
    check_http_url,
    env,
    media_storage,
    read,
    read_list,
    read_named_files,
    read_secrets,
)
from config.identity_provider import read_identity_provider
from embedded import services
from scoring.catalog.time_zones import time_zone_names
from scoring.content.media.signatures import TYPES

django_stubs_ext.monkeypatch()  # lets classes say what they are of: ModelAdmin[Event]

BASE_DIR = Path(__file__).resolve().parent.parent

# Everything the project writes at run time (embedded data directories, generated secrets, rejects).
VAR_DIR = Path(env.str("ASSAY_VAR", "") or BASE_DIR / "var").resolve()
# Where the log goes as Parquet: a directory, or any URL that fsspec and the packages installed can open.
OFFLINE_URL = env.str("ASSAY_OFFLINE_URL", "") or str(VAR_DIR / "offline")
# Decisions as columns, which the investigation console queries: a directory or URL likewise.
INVESTIGATION_URL = env.str("ASSAY_INVESTIGATION_URL", "") or str(VAR_DIR / "investigation")
INVESTIGATION_DAYS = read(env.int, "ASSAY_INVESTIGATION_DAYS", 90, validate=Range(min=0))  # 0: no console
INVESTIGATION_SECONDS = read(env.float, "ASSAY_INVESTIGATION_SECONDS", 2.0, validate=Range(min=0.1))
# What one bulk action of the console changes at most: as much as a person can answer for, and undo, at once.
BULK_ACTION_ITEMS = read(env.int, "ASSAY_BULK_ACTION_ITEMS", 1_000, validate=Range(min=1, max=100_000))
# Later, labels have trained models and cases were decided anew: single ones can still be undone.
BULK_ACTION_UNDO_HOURS = read(env.int, "ASSAY_BULK_ACTION_UNDO_HOURS", 24, validate=Range(min=0))
INVESTIGATION_THREADS = read(env.int, "ASSAY_INVESTIGATION_THREADS", 2, validate=Range(min=1))
# The number of threads that fold whole histories here; or a Dask cluster: its scheduler's address
# ("tcp://10.0.0.1:8786"), or "local:4" for four processes of this machine's own.
BACKFILL_THREADS = read(env.int, "ASSAY_BACKFILL_THREADS", os.cpu_count() or 1, validate=Range(min=1))
DASK_SCHEDULER = env.str("DASK_SCHEDULER", "")
# Vectors and bins of trainings whose recipe has `placement: disk`.
TRAINING_DIR = env.str("ASSAY_TRAINING_DIR", "") or str(VAR_DIR / "training")

DEBUG = read(env.flag, "ASSAY_DEBUG", default=False)
# A generated key keeps the README's commands free of configuration; a real deployment sets its own.
SECRET_KEY = env.str("ASSAY_SECRET_KEY", "") or services.read_or_create_secret(VAR_DIR, "secret_key")
# Keys the digests that stand in the log for personal values; losing it unlinks every such value.
VAULT_KEY = env.str("ASSAY_VAULT_KEY", "") or services.read_or_create_secret(VAR_DIR, "vault_key")
ALLOWED_HOSTS = read_list("ASSAY_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")

# Served over HTTPS by default; ASSAY_HTTPS=0 is for http://localhost (`make demo`, `make up`).
HTTPS = read(env.flag, "ASSAY_HTTPS", default=True)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# A year: what browsers ask for.
SECURE_HSTS_SECONDS = read(env.int, "ASSAY_HSTS_SECONDS", 31_536_000) if HTTPS else 0
# Both affect more than this site, the second for years: the owner of the domain decides.
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS and read(env.flag, "ASSAY_HSTS_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = HTTPS and read(env.flag, "ASSAY_HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # the two above, off on purpose
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked from inside, over plain HTTP
# ASSAY_BEHIND_PROXY=1: a proxy ends TLS, and sets this header itself whatever the client sends.
BEHIND_PROXY = read(env.flag, "ASSAY_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# Needed to read /metrics; without one, only this machine may (config/status/metrics.py).
METRICS_TOKEN = env.str("ASSAY_METRICS_TOKEN", "")
CSRF_TRUSTED_ORIGINS = read_list("ASSAY_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    # Before unfold and Django: their templates (the overview, the error pages) win.
    "monitoring",
    "experiments",
    "reviews",
    "scoring",
    "unfold.apps.BasicAppConfig",  # its templates and widgets; the site is ours
    "unfold.contrib.filters",
    "config.site.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "django_celery_beat",
    "axes",
    "demo",
    "config",
    # After "config", whose templates win. Second factors, sessions and sign-in by OpenID Connect.
    "allauth",
    "config.people.signing_in.app_configs.PageAccountsConfig",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
]
# Your own apps, with event types or anything else that an app has (docs/how-to/add-an-event-type.md).
OWN_APPS = [
    app for app in dict.fromkeys(read_list("ASSAY_APPS", validate=check_apps)) if app not in INSTALLED_APPS
]
INSTALLED_APPS += OWN_APPS

# Passwords must be long, not similar to a name and not common.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_REDIRECT_URL = "admin:index"  # after signing in on the login page
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it refuses an attempt before the password is looked at
    "config.people.limits.backend.BackendWithLimits",  # reads a user with what their groups are limited to
]
# After ten wrong passwords for a name from one address, a quarter of an hour of refusals for both together:
# a stranger cannot lock a colleague out from elsewhere.
AXES_FAILURE_LIMIT = read(env.int, "ASSAY_LOGIN_FAILURES", 10, validate=Range(min=1))
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # otherwise a script could lock its victim out forever
AXES_CLIENT_IP_CALLABLE = "config.people.sign_in.address_to_count"
AXES_LOCKOUT_CALLABLE = "config.people.sign_in.refuse_for_now"
AXES_ENABLE_ADMIN = False  # its tables hold what the log lines say
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
PASSWORD_RESET_TIMEOUT = 3600  # seconds for which a link sent by e-mail holds
# People may also sign in by OpenID Connect (config/identity_provider.py); without a provider nothing changes.
IDENTITY_PROVIDER = read_identity_provider()
SOCIALACCOUNT_PROVIDERS = IDENTITY_PROVIDER.as_setting if IDENTITY_PROVIDER else {}
SOCIALACCOUNT_ADAPTER = "config.people.signing_in.adapters.SocialAccountAdapter"
# Members of these groups must have a second factor; "*" stands for everyone.
SECOND_FACTOR_GROUPS = read_list("ASSAY_SECOND_FACTOR_GROUPS")
MFA_ADAPTER = "config.people.signing_in.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Assay"
MFA_TOTP_TOLERANCE = 1  # half minutes by which a phone's clock may be off
MFA_ALLOW_UNVERIFIED_EMAIL = True  # administrators and the identity provider vouch for people
ACCOUNT_ADAPTER = "config.people.signing_in.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # for the same reason
ACCOUNT_UNIQUE_EMAIL = False  # two accounts of one person may have one address
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_RATE_LIMITS = False  # django-axes counts, in the database: allauth's counts are each process's own
# A person signs in again after a working day, and after an hour in which they did nothing.
SESSION_COOKIE_AGE = round(read(env.float, "ASSAY_SESSION_HOURS", 12.0) * 3600)
SESSION_IDLE_SECONDS = read(env.float, "ASSAY_SESSION_IDLE_MINUTES", 60.0) * 60

# Those from `config` wrap Django's and skip API requests.
MIDDLEWARE = [
    "config.requests.ids.RequestIds",  # first: log lines of everything below name the request
    "config.requests.deadlines.Deadlines",  # then, as it sets the deadline for everything below
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.requests.middleware.ApiHeaders",
    "config.requests.middleware.PagesWithoutNul",
    "config.requests.middleware.PageSessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.requests.middleware.PageUsers",
    "config.requests.middleware.PageSessionLimits",
    "config.requests.middleware.PageSecondFactors",
    "config.requests.middleware.PageTimeZones",
    "config.requests.middleware.PageActors",
    "config.requests.middleware.PageMessages",
    "config.requests.middleware.PageAccounts",
    "config.requests.middleware.PageHeaders",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # last: it answers in the place of a page that was refused
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.people.signing_in.context.site_variables",
            ],
        },
    },
]

# One code path for the user's own servers and the embedded ones: both are just addresses.
DATABASES = {
    "default": dj_database_url.parse(
        env.str("DATABASE_URL", "") or services.database_url(VAR_DIR),
        engine="config.postgres",  # Django's own; its health check below costs no query (config/postgres)
        conn_max_age=None,  # a connection per process for its life: reconnecting costs more than a decision
        conn_health_checks=True,  # so that a restarted PostgreSQL is met by a reconnect, not by an error
    )
}
REDIS_URL = env.str("REDIS_URL", "") or services.redis_url(VAR_DIR)
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "") or broker_url(REDIS_URL)
# The services that `manage.py services` starts: those without an address of the user's own.
EMBEDDED_SERVICES = tuple(
    name
    for name, setting in {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}.items()
    if not env.str(setting, "")
)

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
# In which pages tell times to users who have chosen none; everything else keeps UTC.
PAGES_TIME_ZONE = read(env.str, "ASSAY_TIME_ZONE", "UTC", validate=OneOf(time_zone_names()))
FORMAT_MODULE_PATH = ["config.formats"]  # "2026-03-01 12:00:00", not "March 1, 2026, noon"

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Uploaded pictures and videos: on this disk, or wherever the storage class of the setting puts them.
    "media": media_storage(VAR_DIR / "media"),
    # Hashed names and compressed copies, written by collectstatic: cached for ever, without a second server.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Tasks carry no truth: what they are to do is in the database, and whatever a lost message should have
# started is started again by beat (lanes by the sweep, consumers by their interval). Hence early
# acknowledgement, no results and no retries of publishing.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False  # a request must not hang on a missing broker; it falls back
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True  # services may come up in any order
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits out a broker's absence, however long
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 0,  # connecting has retries of its own: 6 s of a request, for a broker that is away
    "socket_connect_timeout": 0.5,  # the same request that must not hang
    "socket_timeout": 15.0,  # above the worker's own blocking read
    "socket_keepalive": True,
}
BROKER_PUBLISH_SECONDS = 0.5  # in place of `socket_timeout` where a message is sent, which blocks for nothing
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 0.5  # behind threads that publish to a hung broker
# A Redis that is full, read-only, loading or without its replicas answers with an error, which Celery's main
# process would end for. It waits and connects again instead.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # no message waits behind a long task that was fetched first
# Celery's Django fixup closes the database connection around every task, which costs more than a decision;
# `config.celery` renews a broken one instead.
CELERY_DB_REUSE_MAX = 1_000_000_000
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 60.0  # a child's first start compiles the kernel
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # LOGGING below holds for workers too
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "scoring.runner.tasks.run_lane": {"queue": "lanes"},
    # Not behind the long tasks of `default`. Where no child is free to sweep, none is free to work a lane.
    "scoring.runner.tasks.sweep": {"queue": "lanes"},
    # A request waits for it, and the processes that decide have the kernel and the models in memory.
    "scoring.decisions.simulation.tasks.run_simulation": {"queue": "lanes"},
    # What takes minutes has a worker of its own, so that no decision waits for it; of three processes, so
    # that neither a training nor a backtest holds up what is due every few minutes.
    "scoring.learning.tasks.run_training_job": {"queue": "training"},
    "scoring.learning.tasks.run_evaluation_job": {"queue": "training"},
    "scoring.rules.backtest.tasks.run_backtest": {"queue": "training"},
    "scoring.learning.mirror.tasks.mirror_models": {"queue": "training"},  # uploads may take minutes
    "scoring.offline.tasks.export": {"queue": "training"},
    "reviews.tasks.follow_investigations": {"queue": "training"},  # anew, it reads the whole log
    "scoring.batch.tasks.publish_due": {"queue": "training"},
    "scoring.batch.tasks.reload_lost_versions": {"queue": "training"},
    "scoring.rules.lists.importing.tasks.run_list_import": {"queue": "training"},
    # Decoding takes seconds, of files that may be made to take longer.
    "scoring.content.media.tasks.process_media": {"queue": "media"},
    "scoring.rules.banks.importing.tasks.run_bank_import": {"queue": "training"},
    # A model of texts takes hundreds of megabytes, in a process that is started only if one is set.
    "scoring.content.embeddings.tasks.embed_queued_texts": {"queue": "texts"},
}
CELERY_BEAT_SCHEDULER = "config.schedules:Scheduler"
# Written into the database by beat where they are missing; from then on an administrator's. Renaming one is
# a migration, as scoring/migrations/0012_schedule_names.py. A message that no worker took before the
# next one is due says nothing new: it expires.
CELERY_BEAT_SCHEDULE = {
    "restart lanes whose notification was lost": {
        "description": "Notifies every lane that has work but no runner, and reports the state of a worker.",
        "task": "scoring.runner.tasks.sweep",
        "schedule": 2.0,
        "options": {"expires": 2.0},
    },
    "run the log's consumers": {
        "description": "Updates review cases, monitoring and other data derived from the log.",
        "task": "scoring.log.tasks.run_consumers",
        "schedule": 2.0,
        "options": {"expires": 2.0},
    },
    "export the log to the offline store": {
        "description": "Writes new log entries to Parquet files, which training, backfill and replay read.",
        "task": "scoring.offline.tasks.export",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    "update the investigation console's store": {
        "description": "Writes new decisions and labels to the files that the investigation console queries.",
        "task": "reviews.tasks.follow_investigations",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "publish due batch views": {
        "description": "Computes and publishes a new version of every batch view whose interval has passed.",
        "task": "scoring.batch.tasks.publish_due",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "reload batch values missing from Redis": {
        "description": "Loads published batch values into Redis again if Redis has lost them.",
        "task": "scoring.batch.tasks.reload_lost_versions",
        "schedule": 15.0,
        "options": {"expires": 15.0},
    },
    "compare logged features with recomputed ones": {
        "description": "Recomputes a sample of decisions and counts the values and outcomes that differ.",
        "task": "scoring.replay.tasks.check_consistency",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "delete old per-minute metrics": {
        "description": "Deletes monitoring windows past their retention; hourly ones of event types stay.",
        "task": "monitoring.tasks.prune_windows",
        "schedule": crontab(hour="4", minute="23"),
    },
    "follow the data quality of senders": {
        "description": "Stores counts of refused and repeated events; learns daily what is usual of senders.",
        "task": "monitoring.tasks.follow_data_quality",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "count the features of models by segment": {
        "description": "Counts features and scores of the last hours by category and age, for their drift.",
        "task": "monitoring.tasks.count_segments",
        "schedule": 1800.0,
        "options": {"expires": 1800.0},
    },
    "measure the performance of models": {
        "description": "Measures models on matured labels, estimates them before labels, and counts labels.",
        "task": "monitoring.tasks.measure_performance",
        "schedule": crontab(hour="3", minute="41"),  # labels of whole days, before people come
    },
    "compute business figures": {
        "description": "Computes fraud, approvals and blocks of today, and daily of days whose labels come.",
        "task": "monitoring.tasks.refresh_business",
        "schedule": 900.0,
        "options": {"expires": 900.0},
    },
    "check the guardrails of new models": {
        "description": "Rolls back canaries and new champions that exceed a guardrail.",
        "task": "monitoring.tasks.check_guardrails",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "send notifications": {
        "description": "Sends messages about alerts by e-mail and webhook, and tries failed ones again.",
        "task": "monitoring.tasks.send_notifications",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "send requests of actions": {
        "description": "Sends the requests of actions from cases, and tries failed ones again.",
        "task": "reviews.tasks.send_action_requests",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "delete old requests of actions": {
        "description": "Deletes requests of actions after 90 days; the log keeps that they were sent.",
        "task": "reviews.tasks.prune_action_requests",
        "schedule": crontab(hour="4", minute="31"),
    },
    "delete old notifications": {
        "description": "Deletes messages about alerts after 90 days; the log keeps that they were sent.",
        "task": "monitoring.tasks.prune_notifications",
        "schedule": crontab(hour="4", minute="29"),
    },
    "check the retraining triggers": {
        "description": "Queues a training for drift, a worse model, new labels, or a changed recipe.",
        "task": "monitoring.tasks.check_triggers",
        "schedule": 900.0,
        "options": {"expires": 900.0},
    },
    "evaluate the alert rules": {
        "description": "Observes metrics, fires and resolves alerts, and takes their automatic actions.",
        "task": "monitoring.tasks.check_alerts",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "start queued trainings and fail lost ones": {
        "description": "Marks a training whose process has died as failed, and starts the next queued one.",
        "task": "scoring.learning.tasks.sweep_trainings",
        "schedule": 15.0,
        "options": {"expires": 15.0},
    },
    "start queued evaluations and fail lost ones": {
        "description": "Marks an evaluation whose process has died as failed; starts the next queued one.",
        "task": "scoring.learning.tasks.sweep_evaluations",
        "schedule": 15.0,
        "options": {"expires": 15.0},
    },
    "sample decisions for policies": {
        "description": "Draws the decisions on which the pages of policies measure effects.",
        "task": "scoring.learning.tasks.sample_decisions",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "start queued backtests and fail lost ones": {
        "description": "Marks a backtest whose process has died as failed, and starts the next queued one.",
        "task": "scoring.rules.backtest.tasks.sweep_backtests",
        "schedule": 15.0,
        "options": {"expires": 15.0},
    },
    "start queued bulk actions and fail lost ones": {
        "description": "Marks a bulk action whose process has died as failed; starts the next queued one.",
        "task": "reviews.investigation.bulk.tasks.sweep_bulk_actions",
        "schedule": 15.0,
        "options": {"expires": 15.0},
    },
    "restart the processing of uploaded files": {
        "description": "Queues uploaded files that no worker has; enriches events whose files are processed.",
        "task": "scoring.content.media.tasks.sweep_media",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "delete old uploaded files": {
        "description": "Deletes uploaded files after ASSAY_MEDIA_KEEP_DAYS; what was computed of them stays.",
        "task": "scoring.content.media.tasks.delete_old_files",
        "schedule": crontab(minute="41"),
    },
    "compute experiment results": {
        "description": "Recomputes the results of experiments that are out of date.",
        "task": "experiments.tasks.refresh_results",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "score open cases anew": {
        "description": "Scores open cases with the champion, where another model decided them.",
        "task": "reviews.tasks.refresh_scores",
        "schedule": crontab(hour="4", minute="41"),
    },
    "open cases of risks that rose": {
        "description": "Opens cases of past events of entities whose risk rose, for types with this source.",
        "task": "reviews.tasks.open_candidates",
        "schedule": crontab(hour="4", minute="53"),
    },
    "retrain the payment model": {
        "description": "Queues a training if there are new labels. May be disabled or deleted.",
        "task": "scoring.learning.tasks.retrain",
        "schedule": crontab(hour="3", minute="17"),  # at night, off the full hour
        "kwargs": {"event_type": "payment"},
    },
}
# Those that an administrator may disable or delete; Assay needs all others.
OPTIONAL_SCHEDULES = {"retrain the payment model"}

# The admin's looks. Colors are our own; everything is served from here.
UNFOLD = {
    "SITE_TITLE": "Assay",
    "SITE_HEADER": "Assay",
    "SITE_SYMBOL": "balance",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("admin_kit/favicon.svg")}
    ],
    "SHOW_HISTORY": False,  # the log is the history
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda request: static("admin_kit/admin_kit.css")],
    "SCRIPTS": [
        lambda request: static("admin_kit/refresh.js"),  # first: it keeps the page as it was before plots
        lambda request: static("admin_kit/plots.js"),
        lambda request: static("admin_kit/landmarks.js"),
        lambda request: static("admin_kit/confirm.js"),
        lambda request: static("admin_kit/filters.js"),
    ],
    "ACCOUNT": {
        "navigation": [
            {"title": "Your account", "link": reverse_lazy("admin:account")},
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        ]
    },
    "DASHBOARD_CALLBACK": "monitoring.overview.page.dashboard_callback",
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .013 220)",
            "100": "oklch(94% .03 220)",
            "200": "oklch(88% .055 220)",
            "300": "oklch(79% .09 222)",
            "400": "oklch(69% .11 224)",
            "500": "oklch(59% .115 227)",
            "600": "oklch(50% .105 230)",
            "700": "oklch(43% .09 232)",
            "800": "oklch(37% .075 234)",
            "900": "oklch(32% .06 236)",
            "950": "oklch(24% .045 238)",
        },
    },
    "SIDEBAR": {"show_search": False, "navigation": "config.navigation.sidebar"},
}

LOG_LEVEL = read(env.str, "ASSAY_LOG_LEVEL", "INFO", validate=OneOf(logging.getLevelNamesMapping()))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.status.logs.LineFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # Django's own handlers would write every server error a second time, in another shape.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # One line for each message sent, received and done says nothing a metric would not say better.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "axes": {"level": "ERROR"},  # config.people.sign_in says it in one line
        "numba": {"level": "WARNING"},  # its INFO is a page a compilation
        "distributed": {"level": "WARNING"},  # its INFO is every connection of a cluster
    },
}

# E-mail about alerts; without a server it is written to standard error, beside the log lines.
EMAIL_HOST = env.str("ASSAY_SMTP_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = read(env.int, "ASSAY_SMTP_PORT", 587, validate=Range(min=1, max=65_535))
EMAIL_HOST_USER = env.str("ASSAY_SMTP_USER", "")
EMAIL_HOST_PASSWORD = env.str("ASSAY_SMTP_PASSWORD", "")
SMTP_ENCRYPTION = read(
    env.str, "ASSAY_SMTP_ENCRYPTION", "starttls", validate=OneOf(["starttls", "tls", "none"])
)
EMAIL_USE_TLS, EMAIL_USE_SSL = SMTP_ENCRYPTION == "starttls", SMTP_ENCRYPTION == "tls"
EMAIL_TIMEOUT = 10  # seconds: a mail server that hangs must not hold a worker
DEFAULT_FROM_EMAIL = env.str("ASSAY_EMAIL_FROM", "assay@localhost")
# The address of this installation as people reach it, for links in messages.
_LOCAL_URL = f"http://localhost:{env.str('ASSAY_PORT', '') or 8000}"
PUBLIC_URL = env.str("ASSAY_PUBLIC_URL", "") or (f"https://{ALLOWED_HOSTS[0]}" if HTTPS else _LOCAL_URL)
# Hosts that webhooks may reach although their addresses are private, or by plain http.
WEBHOOK_PRIVATE_HOSTS = read_list("ASSAY_WEBHOOK_PRIVATE_HOSTS")

# Seconds for which a request for one event waits when it does not say, and the most it may ask for.
API_DEFAULT_WAIT = read(env.float, "ASSAY_API_DEFAULT_WAIT", 0.5)
API_MAX_WAIT = read(env.float, "ASSAY_API_MAX_WAIT", 10.0)
API_MAX_LIST = read(env.int, "ASSAY_API_MAX_LIST", 1_000)
# 1,000 generous events; DRF reads the body itself, so Django's own limit does not apply to it.
API_MAX_BODY_BYTES = read(env.int, "ASSAY_API_MAX_BODY_BYTES", 4_000_000)
# What a lane may have queued before more is refused (429), so that a load is slowed down and not the clients
# that wait: for bulk, half a minute's work of one lane; of what single requests brought, more than 500 a
# second could leave behind in four.
API_MAX_QUEUED = read(env.int, "ASSAY_API_MOST_QUEUED", 20_000)
API_MAX_WAITING = read(env.int, "ASSAY_API_MOST_WAITING", 2_000)
# Threads of a web process. At most half of them take in lists or have lists standing in line; the others are
# for single events.
WEB_THREADS = read(env.int, "ASSAY_WEB_THREADS", 16, validate=Range(min=1))
API_MAX_LISTS = max(WEB_THREADS // 2, 1)
# Refused keys from one address within a minute before it is answered 429 for the rest of it.
API_MAX_REFUSED_KEYS = read(env.int, "ASSAY_API_MAX_REFUSED_KEYS", 20)
# Labels of one sender that may wait for events which have not arrived: more than an outage brings, and few
# enough to be listed.
API_MAX_HELD_LABELS = read(env.int, "ASSAY_API_MAX_HELD_LABELS", 50_000)
# Files that one key may upload to a web process in a minute.
API_MAX_UPLOADS = read(env.int, "ASSAY_API_MAX_UPLOADS", 600, validate=Range(min=1))
# What may be uploaded, by what the content is. Larger pictures are refused before they are decoded.
MEDIA_TYPES = read_list("ASSAY_MEDIA_TYPES", ",".join(TYPES), validate=ContainsOnly(TYPES))
MEDIA_MAX_IMAGE_BYTES = read(env.int, "ASSAY_MEDIA_MAX_IMAGE_BYTES", 20_000_000, validate=Range(min=1))
MEDIA_MAX_VIDEO_BYTES = read(env.int, "ASSAY_MEDIA_MAX_VIDEO_BYTES", 100_000_000, validate=Range(min=1))
# Files that may wait to be processed; beyond it uploads are refused (429).
MEDIA_MAX_PENDING = read(env.int, "ASSAY_MEDIA_MAX_PENDING", 2_000, validate=Range(min=1))
# Of one file: the seconds after which sampling a video ends with what it has, and after which its process is
# killed; and the memory that this process may hold.
MEDIA_SOFT_SECONDS = read(env.float, "ASSAY_MEDIA_SOFT_SECONDS", 30.0, validate=Range(min=1))
MEDIA_HARD_SECONDS = read(env.float, "ASSAY_MEDIA_HARD_SECONDS", 60.0, validate=Range(min=1))
MEDIA_MEMORY_MB = read(env.int, "ASSAY_MEDIA_MEMORY_MB", 1_000, validate=Range(min=200))
# Days after which uploaded files are deleted; what was computed of them stays. 0: never.
MEDIA_KEEP_DAYS = read(env.int, "ASSAY_MEDIA_KEEP_DAYS", 0, validate=Range(min=0))
# The embedding model with which texts are compared with known ones, "" for none: a name or path that
# sentence-transformers loads, or `module:Class` (docs/reference/known-texts.md).
TEXT_EMBEDDINGS = env.str("ASSAY_TEXT_EMBEDDINGS", "").strip()
# Similarities below it are not recorded, and their events not decided again.
TEXT_SIMILARITY_MIN = read(env.float, "ASSAY_TEXT_SIMILARITY_MIN", 0.6, validate=Range(min=-1, max=1))
# Known texts that each policy keeps, the newest; and days after which embeddings of other texts are deleted.
TEXT_EMBEDDINGS_MAX_KNOWN = read(env.int, "ASSAY_TEXT_EMBEDDINGS_MAX_KNOWN", 20_000, validate=Range(min=1))
TEXT_EMBEDDINGS_KEEP_DAYS = read(env.int, "ASSAY_TEXT_EMBEDDINGS_KEEP_DAYS", 30, validate=Range(min=1))
if TEXT_EMBEDDINGS:  # an installation without a model has none of these tasks
    CELERY_BEAT_SCHEDULE |= {
        "embed queued texts": {
            "description": "Compares texts whose message to the process texts was lost with known ones.",
            "task": "scoring.content.embeddings.tasks.sweep_texts",
            "schedule": 5.0,
            "options": {"expires": 5.0},
        },
        "delete embeddings that are not needed": {
            "description": "Deletes embeddings after ASSAY_TEXT_EMBEDDINGS_KEEP_DAYS.",
            "task": "scoring.content.embeddings.tasks.delete_unneeded_embeddings",
            "schedule": crontab(minute="47"),
        },
    }
# An MLflow server to which model versions are mirrored, "" for none, and the experiment they are put under.
# The variables are MLflow's own. Credentials: a token, or a name and a password.
MLFLOW_TRACKING_URI = read(env.str, "MLFLOW_TRACKING_URI", "", validate=check_http_url).rstrip("/")
MLFLOW_EXPERIMENT = env.str("MLFLOW_EXPERIMENT_NAME", "") or "assay"
MLFLOW_TOKEN = env.str("MLFLOW_TRACKING_TOKEN", "")
MLFLOW_USERNAME = env.str("MLFLOW_TRACKING_USERNAME", "")
MLFLOW_PASSWORD = env.str("MLFLOW_TRACKING_PASSWORD", "")
if MLFLOW_TRACKING_URI:  # an installation without a server has no such task
    CELERY_BEAT_SCHEDULE |= {
        "mirror models to MLflow": {
            "description": "Copies new model versions and their stages to MLFLOW_TRACKING_URI.",
            "task": "scoring.learning.mirror.tasks.mirror_models",
            "schedule": 30.0,
            "options": {"expires": 30.0},
        }
    }
# For how many hours the case of an event takes further events of its card, or of another entity that its type
# names in `case_entities`; 0: each event has a case by itself.
CASE_GROUP_HOURS = read(env.int, "ASSAY_CASE_GROUP_HOURS", 0, validate=Range(min=0, max=720))
# What statements of reasons say of every restriction: where the rules stand, where it holds, how its author
# objects and for how many days (the Digital Services Act asks for six months), and who settles disputes.
STATEMENT_TERMS = env.str("ASSAY_STATEMENT_TERMS", "Terms of service")
STATEMENT_SCOPE = env.str("ASSAY_STATEMENT_SCOPE", "worldwide")
STATEMENT_COMPLAINT = env.str("ASSAY_STATEMENT_COMPLAINT", "Reply to the service that published it.")
STATEMENT_COMPLAINT_DAYS = read(env.int, "ASSAY_STATEMENT_COMPLAINT_DAYS", 183, validate=Range(min=1))
STATEMENT_DISPUTES = env.str(
    "ASSAY_STATEMENT_DISPUTES", "Any certified out-of-court dispute settlement body may be asked."
)
# Lists that signals are looked up in: a file of disposable mail domains, and files of networks by name.
DISPOSABLE_DOMAINS = env.str("ASSAY_DISPOSABLE_DOMAINS", "")
NETWORK_LISTS = read_named_files("ASSAY_NETWORK_LISTS")
# Secrets that external signals name, from ASSAY_SIGNAL_SECRET_<NAME>.
SIGNAL_SECRETS = read_secrets("ASSAY_SIGNAL_SECRET_")
# Whether external signals may send values unencrypted to other machines.
EXTERNAL_SIGNALS_PLAIN_HTTP = read(env.flag, "ASSAY_EXTERNAL_SIGNALS_PLAIN_HTTP", default=False)
# Seconds for which a key is cached, which saves a query per request; a revoked key works as long.
API_KEY_CACHE_SECONDS = read(env.float, "ASSAY_API_KEY_CACHE_SECONDS", 2.0)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["scoring.api.keys.authentication.ApiKeyAuthentication"],
    # Closed unless a view names its scopes.
    "DEFAULT_PERMISSION_CLASSES": ["scoring.api.keys.permissions.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["scoring.api.wire.JsonParser"],
    # No browsable API: /api/docs/ is the page to try.
    "DEFAULT_RENDERER_CLASSES": ["scoring.api.wire.JsonRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "scoring.api.wire.Negotiation",
    "EXCEPTION_HANDLER": "config.errors.problem_response",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,  # senders are keys, not users: no AnonymousUser is built for each request
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Assay",
    "DESCRIPTION": "Submit events, receive explained decisions and report labels.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",  # JSON Schema as it is, with null as a type
    "SERVE_INCLUDE_SCHEMA": False,  # the document describes the API, not itself
    "SERVE_AUTHENTICATION": [],  # the page is public, as are its assets; calls from it need a key
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",  # assets from the wheel: works without the internet
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"defaultModelsExpandDepth": 0},
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,  # the values speak for themselves
    # One schema for each event type, from the catalog.
    "POSTPROCESSING_HOOKS": ["scoring.api.schema.document.add_event_types"],
}
