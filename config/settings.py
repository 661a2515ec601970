"""Django settings, from the environment only. Every value that is not Django's default says why."""

from pathlib import Path

import dj_database_url

from config.embedded import services
from config.environment import broker_url, read_flag, read_float, read_int, read_list, read_path, read_text

BASE_DIR = Path(__file__).resolve().parent.parent

# Everything the project writes at run time (embedded data directories, generated secrets, rejects).
VAR_DIR = read_path("ASSAY_VAR", BASE_DIR / "var")

DEBUG = read_flag("ASSAY_DEBUG", default=False)
# A generated key under var/ keeps the two README commands free of configuration; a real deployment sets its own.
SECRET_KEY = read_text("ASSAY_SECRET_KEY") or services.read_or_create_secret(VAR_DIR, "secret_key")
# Keys the digests that stand in the log for personal values; losing it unlinks every such value.
VAULT_KEY = read_text("ASSAY_VAULT_KEY") or services.read_or_create_secret(VAR_DIR, "vault_key")
ALLOWED_HOSTS = read_list("ASSAY_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")

INSTALLED_APPS = [
    "django.contrib.admin",
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
    "config",
    "scoring",
    "reviews",
    "experiments",
    "monitoring",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
            ],
        },
    },
]

# One code path for the user's own servers and the embedded ones: both are just addresses.
DATABASES = {
    "default": dj_database_url.parse(
        read_text("DATABASE_URL") or services.database_url(VAR_DIR),
        conn_max_age=None,  # a connection per process for its life: reconnecting costs more than a decision
        conn_health_checks=True,  # so that a restarted PostgreSQL is met by a reconnect, not by an error
    )
}
REDIS_URL = read_text("REDIS_URL") or services.redis_url(VAR_DIR)
CELERY_BROKER_URL = read_text("CELERY_BROKER_URL") or broker_url(REDIS_URL)
# The services that `manage.py services` starts: those without an address of the user's own.
EMBEDDED_SERVICES = tuple(
    name
    for name, setting in {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}.items()
    if not read_text(setting)
)

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"

# How long a request for one event waits for its decision when it does not say, and the most it may ask for (seconds).
API_DEFAULT_WAIT = read_float("ASSAY_API_DEFAULT_WAIT", 0.5)
API_MAX_WAIT = read_float("ASSAY_API_MAX_WAIT", 10.0)
API_MAX_LIST = read_int("ASSAY_API_MAX_LIST", 1_000)
# 1,000 generous events; DRF reads the body itself, so Django's own limit does not apply to it.
API_MAX_BODY_BYTES = read_int("ASSAY_API_MAX_BODY_BYTES", 4_000_000)
# A key found once is believed for this long, which saves a query a request; a revoked one works at most as much longer.
API_KEY_CACHE_SECONDS = read_float("ASSAY_API_KEY_CACHE_SECONDS", 2.0)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["scoring.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "scoring.api.permissions.HasScope"
    ],  # closed unless a view names its scopes
    "DEFAULT_PARSER_CLASSES": ["scoring.api.wire.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "scoring.api.wire.JsonRenderer"
    ],  # no browsable API: /api/docs/ is the page to try
    "EXCEPTION_HANDLER": "config.errors.problem_response",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,  # senders are keys, not users: DRF need not build an AnonymousUser a request
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Assay",
    "DESCRIPTION": "Events in, explained decisions out, labels back.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",  # JSON Schema as it is, with null as a type
    "SERVE_INCLUDE_SCHEMA": False,  # the document describes the API, not itself
    "SERVE_AUTHENTICATION": [],  # the page is public, as are its assets; calls from it need a key
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",  # assets from the wheel: works without the internet
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": True, "defaultModelsExpandDepth": 0},
    "POSTPROCESSING_HOOKS": [
        "scoring.api.schema.add_components"
    ],  # one schema an event type, from the catalog
}
