-- The next file to process (at most one), locked: senders take turns, beginning after the one of the previous turn,
-- so that one with a thousand files does not delay another with one. A file whose process has died is due again
-- after its limit.
SELECT job.id, job.source, job.attempts
  FROM scoring_mediajob job
  JOIN (SELECT id, row_number() OVER (PARTITION BY source ORDER BY enqueued_at, id) AS turn
          FROM scoring_mediajob WHERE due_at <= %s) waiting USING (id)
 ORDER BY waiting.turn, job.source <= %s, job.source, job.id
 LIMIT 1 FOR UPDATE OF job SKIP LOCKED
