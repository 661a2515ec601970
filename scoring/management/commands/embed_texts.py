"""`manage.py embed_texts [--status]`: embed the texts of labeled events, or say what is embedded."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring.content.embeddings.checks import to_embed_again
from scoring.content.embeddings.embedders.current import current_model, use_model
from scoring.content.embeddings.embedders.loading import load_embedder
from scoring.content.embeddings.history import count_known, embed_history
from scoring.content.embeddings.known.database import is_indexed, missing_extension, prepare_search
from scoring.content.embeddings.known.stored import delete_other_models
from scoring.content.embeddings.queue import read_backlog
from scoring.errors import ScoringError
from scoring.management.bars import StepProgressBars


class Command(BaseCommand):
    help = (
        "Embed the texts of events that people found to break a policy, so that new texts are compared with"
        " them. Run it after setting ASSAY_TEXT_EMBEDDINGS, and after every change of the model. It can be"
        " interrupted, and continues where it stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--status", action="store_true", help="embed nothing; say what is embedded")

    def handle(self, *, status: bool, **options: Any) -> None:
        if not status:
            self.embed()
        self.say_status()

    def embed(self) -> None:
        try:
            embedder = load_embedder()
        except ScoringError as error:
            raise CommandError(f"{error}.") from error
        now = timezone.now()
        model = use_model(embedder, now=now)
        prepare_search(model)
        with StepProgressBars() as bar:
            done = embed_history(embedder, model, now=now, reporter=bar)
        deleted = delete_other_models(model)
        self.stdout.write(f"{done.embedded:,} texts embedded, of {done.events:,} labeled events.")
        if deleted:
            self.stdout.write(f"{deleted:,} embeddings of other models deleted.")

    def say_status(self) -> None:
        if not settings.TEXT_EMBEDDINGS:
            self.stdout.write("No embedding model is set (ASSAY_TEXT_EMBEDDINGS).")
            return
        model = current_model()
        known, embedded = count_known(model)
        self.stdout.write(f"Model: {model or f'{settings.TEXT_EMBEDDINGS}, not loaded yet'}.")
        self.stdout.write(f"Known texts: {known:,}, of which {embedded:,} are embedded.")
        how = "by an index, approximately" if model and is_indexed(model) else "one by one, exactly"
        self.stdout.write(f"Compared: {how}. {missing_extension()}".strip())
        self.stdout.write(f"Waiting: {read_backlog(now=timezone.now()).waiting:,} events.")
        if problem := to_embed_again():
            self.stdout.write(problem)
