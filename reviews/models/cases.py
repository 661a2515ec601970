"""Cases for people to decide."""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from reviews.models.quality import GivenVerdict


class CaseQuerySet(models.QuerySet["Case"]):
    def pending(self) -> "CaseQuerySet":
        """Cases that still need a verdict, claimed or not."""
        return self.filter(state__in=(Case.State.OPEN, Case.State.CLAIMED))

    def with_verdict(self) -> "CaseQuerySet":
        """Cases whose verdict stands, those that a quality check has opened again too."""
        return self.filter(state__in=Case.MAY_HAVE_VERDICT, decided_at__isnull=False)

    def queued(self) -> "CaseQuerySet":
        """Pending cases that are offered by themselves: all but those that have joined a pending case."""
        lead = Case.objects.pending().filter(pk=models.OuterRef("joined_to"))
        return self.pending().filter(models.Q(joined_to=None) | ~models.Exists(lead))

    def free(self, now: datetime) -> "CaseQuerySet":
        """Queued cases that are not snoozed, without a lease: never claimed, released, or it expired."""
        free = self.queued().filter(~models.Q(state=Case.State.CLAIMED) | models.Q(lease_until__lte=now))
        return free.filter(models.Q(snoozed_until=None) | models.Q(snoozed_until__lte=now))

    def open_to(
        self,
        reviewer: str,
        *,
        escalations: bool,
        adjudications: bool = False,
        confirmations: bool = False,
        barred: Collection[str] = (),
    ) -> "CaseQuerySet":
        """Cases that the reviewer may decide: assigned to them, or to nobody in queues that are not `barred`.

        Escalated ones only with `escalations`, disagreements only with `adjudications`, proposed verdicts
        only with `confirmations`. None gets a quality check of a case that they have decided or checked
        before, a verdict that they have proposed, or an appeal about an event on which they have given a
        verdict.
        """
        judged = GivenVerdict.objects.filter(
            event_position=models.OuterRef("about"), reviewer=reviewer, undone=False
        )
        allowed = self.exclude(not_for=reviewer).without_own_checks(reviewer)
        allowed = allowed.filter(models.Q(about=None) | ~models.Exists(judged))
        unassigned = models.Q(assigned_to="")
        if barred:
            unassigned &= ~models.Q(queue__in=barred)
        allowed = allowed.filter(unassigned | models.Q(assigned_to=reviewer))
        if not adjudications:
            allowed = allowed.exclude(quality_check=Case.Check.ADJUDICATION)
        if confirmations:
            allowed = allowed.exclude(proposed_at__isnull=False, proposed_by=reviewer)
        else:
            allowed = allowed.filter(proposed_at=None)
        return allowed if escalations else allowed.filter(escalated_at=None)

    def of_types(self, event_types: Collection[str] | None) -> "CaseQuerySet":
        """Cases of these event types; all for None."""
        return self if event_types is None else self.filter(event_type__in=event_types)

    def without_own_checks(self, reviewer: str) -> "CaseQuerySet":
        """All but the quality checks of cases on which the reviewer has given a verdict before."""
        own = GivenVerdict.objects.filter(event_position=models.OuterRef("pk"), reviewer=reviewer)
        known = models.Q(decided_by=reviewer) | models.Exists(own)
        return self.filter(models.Q(quality_check="") | ~known)

    def proposed(self) -> "CaseQuerySet":
        """Pending cases with a verdict that a second person has to confirm."""
        return self.pending().filter(proposed_at__isnull=False)

    def held(self, now: datetime) -> "CaseQuerySet":
        """Claimed cases whose lease has not expired."""
        return self.filter(state=Case.State.CLAIMED, lease_until__gt=now)

    def held_by(self, reviewer: str, now: datetime) -> "CaseQuerySet":
        return self.held(now).filter(claimed_by=reviewer)

    def decided_by(self, reviewer: str, *, since: datetime) -> "CaseQuerySet":
        """Cases whose current verdict is the reviewer's, given at `since` or later."""
        return self.with_verdict().filter(decided_at__gte=since, decided_by=reviewer)


class Case(models.Model):
    """One event for a person to decide. Projection of the stream `case/{event stream}`.

    `stake` and `expected_loss` are in minor units of `currency`. `rank` orders the queue, larger first; see
    `reviews.queue.ranking`. `version` is that of the case's stream. An expired lease leaves no entry: the
    case stays `claimed` and is free to claim.

    A case is opened as a `duplicate` by a verdict on another one: of an event that software had decided.

    `policies`: reason code by policy that the verdict says was broken; `action`: the outcome that it gives
    the event, "" for types without policies; `strike`: it gave the author one. Verdicts given at once share
    `verdict_group`. `sensitive`: looking at it may harm.

    `queue`: that to which it was routed, by its definition of `queue_version`; or of the policy most likely
    broken (version 0); or "" for the default one. `due_at`: when its SLA is breached. `shared_entities`:
    keys of entities that it has in common with few other events. `next_because`: what made it its claimant's
    next case, besides urgency. Free again at `snoozed_until`; `assigned_to`: only this reviewer gets it.

    Escalated cases wait for people with `decide_escalation`. An appeal's case is `about` another event (its
    position; None if it was never received), and `not_for` the reviewer who decided that one.

    A `quality_check` opens a case again for another reviewer while its verdict stands. `claimed_at`: since
    when its claimant has it. `golden`: why its verdict is a known answer, "" if it is none; `golden_by`: who
    chose it as such.

    A `proposal` is a verdict that takes effect once a second person gives the same: the data of its
    `case.proposed`, {} without one. `proposed_by` stays when it is confirmed; `proposed_at` then is None.
    `confidence`: how sure the reviewer was of the verdict that stands, "" if they did not say.

    Cases with a common one of `group_keys` are linked: this one has `joined_to` another, its lead, whose
    `linked` and `linked_loss` count those that joined it. While the lead is pending this one is not queued by
    itself.
    """

    class Why(models.TextChoices):
        REVIEW = "review", "sent to review"
        SAMPLE = "sample", "random sample"
        APPEAL = "appeal", "appeal"
        DUPLICATE = "duplicate", "near-duplicate of a decided case"
        UNCERTAIN = "uncertain", "score near a threshold"
        EXPLORED = "explored", "let through by exploration"
        CANDIDATE = "candidate", "risk that rose since the decision"

    class State(models.TextChoices):
        OPEN = "open"
        CLAIMED = "claimed"
        DECIDED = "decided"
        CLOSED = "closed"

    class Check(models.TextChoices):
        SECOND = "second", "second review"
        ADJUDICATION = "adjudication", "adjudication"
        GOLDEN = "golden", "golden item"

    class Golden(models.TextChoices):
        AGREED = "agreed", "two reviewers agreed"
        CHOSEN = "chosen", "chosen by a lead"

    MAY_HAVE_VERDICT = (State.OPEN, State.CLAIMED, State.DECIDED)
    BLIND = (Check.SECOND, Check.GOLDEN)  # checks whose reviewer does not see the verdict

    event_position = models.BigIntegerField(primary_key=True)
    event_stream = models.CharField(max_length=400)
    event_type = models.CharField(max_length=60)
    version = models.IntegerField()
    why = models.CharField("origin", max_length=10, choices=Why.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    outcome = models.CharField(max_length=10)  # the decision under review
    score = models.FloatField(null=True)
    stake = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    expected_loss = models.BigIntegerField()
    rank = models.FloatField()
    opened_at = models.DateTimeField()
    claimed_by = models.CharField(max_length=150, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=40, blank=True, default="")
    reason_code = models.CharField(max_length=40, blank=True, default="")
    note = models.CharField(max_length=32, blank=True, default="")  # digest of a text in the vault
    decided_by = models.CharField(max_length=150, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=200, blank=True, default="")
    released_by = models.CharField(
        max_length=150, blank=True, default=""
    )  # the last reviewer who released it
    released_at = models.DateTimeField(null=True)
    policies = models.JSONField(default=dict, blank=True)
    action = models.CharField(max_length=10, blank=True, default="")
    strike = models.BooleanField(default=False)
    verdict_group = models.CharField(max_length=40, blank=True, default="")
    sensitive = models.BooleanField(default=False)
    queue = models.CharField(max_length=60, blank=True, default="")
    escalated_by = models.CharField(max_length=150, blank=True, default="")
    escalated_at = models.DateTimeField(null=True)
    about = models.BigIntegerField(null=True)
    not_for = models.CharField(max_length=150, blank=True, default="")
    claimed_at = models.DateTimeField(null=True)
    quality_check = models.CharField(max_length=12, choices=Check.choices, blank=True, default="")
    golden = models.CharField(max_length=10, choices=Golden.choices, blank=True, default="")
    golden_by = models.CharField(max_length=150, blank=True, default="")
    proposal = models.JSONField(default=dict, blank=True)
    proposed_by = models.CharField(max_length=150, blank=True, default="")
    proposed_at = models.DateTimeField(null=True)
    confidence = models.CharField(max_length=10, blank=True, default="")
    group_keys = models.JSONField(default=list, blank=True)
    joined_to = models.BigIntegerField(null=True)
    linked = models.IntegerField(default=0)
    linked_loss = models.BigIntegerField(default=0)
    queue_version = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    shared_entities = models.JSONField(default=list, blank=True)
    next_because = models.JSONField(default=dict, blank=True)
    snoozed_until = models.DateTimeField(null=True)
    assigned_to = models.CharField(max_length=150, blank=True, default="")

    objects = CaseQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                models.F("rank").desc(),
                name="case_queue",
                condition=models.Q(state__in=("open", "claimed")),
            ),
            models.Index(
                fields=["opened_at"], name="case_oldest", condition=models.Q(state__in=("open", "claimed"))
            ),
            models.Index(
                fields=["claimed_by", "lease_until"], name="case_lease", condition=models.Q(state="claimed")
            ),
            # Not of pending cases without a verdict: retrieving candidates would read all of these from it.
            models.Index(
                fields=["state", "-decided_at"],
                name="case_decided",
                condition=models.Q(state__in=("decided", "closed")) | models.Q(decided_at__isnull=False),
            ),
            models.Index(
                "queue",
                models.F("rank").desc(),
                name="case_policy_queue",
                condition=models.Q(state__in=("open", "claimed")) & ~models.Q(queue=""),
            ),
            models.Index(fields=["about"], name="case_about", condition=models.Q(about__isnull=False)),
            models.Index(fields=["verdict_group"], name="case_group", condition=~models.Q(verdict_group="")),
            models.Index(
                fields=["quality_check", "decided_by"],
                name="case_quality_check",
                condition=~models.Q(quality_check=""),
            ),
            models.Index(
                fields=["event_type", "-event_position"], name="case_golden", condition=~models.Q(golden="")
            ),
            GinIndex(
                fields=["group_keys"],
                name="case_group_keys",
                condition=models.Q(state__in=("open", "claimed"), joined_to__isnull=True),
            ),
            models.Index(
                fields=["joined_to"], name="case_joined", condition=models.Q(joined_to__isnull=False)
            ),
            models.Index(
                fields=["proposed_at"], name="case_proposed", condition=models.Q(proposed_at__isnull=False)
            ),
            models.Index(
                "queue",
                "why",
                models.F("rank").desc(),
                name="case_source",
                condition=models.Q(state__in=("open", "claimed")),
            ),
            models.Index(
                fields=["queue", "due_at"],
                name="case_due",
                condition=models.Q(state__in=("open", "claimed"), due_at__isnull=False),
            ),
            models.Index(
                fields=["assigned_to"],
                name="case_assigned",
                condition=models.Q(state__in=("open", "claimed")) & ~models.Q(assigned_to=""),
            ),
        ]
        permissions: ClassVar = [
            ("work_case", "Can claim, decide and release cases, and undo own verdicts"),
            ("undo_verdict", "Can undo any reviewer's verdict"),
            ("decide_escalation", "Can claim and decide escalated cases"),
            ("decide_group", "Can decide a group of near-duplicate cases with one verdict"),
            ("adjudicate_case", "Can decide cases on which two reviewers disagree"),
            ("choose_golden", "Can make a decided case a golden item"),
            ("confirm_verdict", "Can confirm the verdicts of others that need a second person"),
        ]

    def __str__(self) -> str:
        return self.event_stream

    @property
    def given_verdict(self) -> str:
        """The verdict that stands or else is proposed, "" for none."""
        return self.verdict or self.proposal.get("verdict", "")

    def is_held(self, now: datetime) -> bool:
        """Whether a lease on it is still running."""
        return self.state == self.State.CLAIMED and self.lease_until is not None and self.lease_until > now

    def is_held_by(self, reviewer: str, now: datetime) -> bool:
        return self.is_held(now) and self.claimed_by == reviewer

    def is_free(self, now: datetime) -> bool:
        """Whether it can be claimed by anyone."""
        return self.state in (self.State.OPEN, self.State.CLAIMED) and not self.is_held(now)


class CaseRefresh(models.Model):
    """The score of an open case by the champion of a later time. Written by `reviews.refresh` only.

    `decision`: the position of the decision whose features were scored; `rank` orders the queue as that of a
    case with this score. No part of the log: it can be computed again at any time.
    """

    case = models.OneToOneField(
        Case,
        on_delete=models.DO_NOTHING,
        db_constraint=False,  # cases are rebuilt from the log without it
        primary_key=True,
        related_name="refreshed",
    )
    decision = models.BigIntegerField()
    model = models.CharField(max_length=80)
    score = models.FloatField()
    rank = models.FloatField()
    scored_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"case {self.case_id} by {self.model}: {self.score:.3f}"
