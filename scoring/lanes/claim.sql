-- The next pending entries of a lane ($1), with everything that processing them needs, in one round trip.
--
-- Waiting clients (urgent) come in order of receipt. Then senders take turns, one entry each, so that a sender
-- with a hundred thousand entries does not delay one with ten; a sender's own entries keep their order, in which
-- the labels of an event follow it. Late entries come last. "sender" finds the senders with entries by one probe
-- of the index for each; $2 is the sender that had the last turn, after which the others continue. $3: positions
-- to leave out, which are being written.
--
-- The limits are literals, not parameters: a plan for an unknown limit would read the whole log.
WITH RECURSIVE urgent AS (
    SELECT *, position AS place, '' AS sender FROM scoring_pending
     WHERE lane = $1 AND state = 'ready' AND priority = {urgent} AND position <> ALL ($3::bigint[])
     ORDER BY position LIMIT {limit}),
sender (name) AS (
    (SELECT split_part(event_stream, '/', 2) AS name FROM scoring_pending
      WHERE lane = $1 AND state = 'ready' AND priority = {normal}
      ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT (SELECT split_part(event_stream, '/', 2) AS name FROM scoring_pending
             WHERE lane = $1 AND state = 'ready' AND priority = {normal}
               AND split_part(event_stream, '/', 2) > sender.name
             ORDER BY 1 LIMIT 1)
      FROM sender WHERE name IS NOT NULL),
in_turn AS (
    SELECT own.*, sender.name AS sender FROM sender CROSS JOIN LATERAL (
        SELECT *, row_number() OVER (ORDER BY position) AS place FROM (
            SELECT * FROM scoring_pending
             WHERE lane = $1 AND state = 'ready' AND priority = {normal}
               AND split_part(event_stream, '/', 2) = sender.name AND position <> ALL ($3::bigint[])
             ORDER BY position LIMIT {fill}) first) own),
late AS (
    SELECT *, 0 AS place, split_part(event_stream, '/', 2) AS sender FROM scoring_pending
     WHERE lane = $1 AND state = 'ready' AND priority = {later} AND position <> ALL ($3::bigint[])
     ORDER BY split_part(event_stream, '/', 2), position LIMIT {fill}),
chosen AS (
    SELECT *, row_number() OVER (ORDER BY priority, place, sender <= $2, sender, position) AS turn
      FROM (SELECT * FROM urgent UNION ALL SELECT * FROM in_turn UNION ALL SELECT * FROM late) ready
     ORDER BY turn LIMIT greatest({fill}, (SELECT count(*) + (count(*) < {limit})::int FROM urgent)))
SELECT p.position, p.kind, p.priority, p.event_stream, p.wake_token,
       entry.type, entry.schema_version, entry.data,
       event.position, event.schema_version, event.data,
       CASE WHEN entry.type IN ('event.corrected', 'event.enriched') THEN entry.recorded_at ELSE event.recorded_at END,
       head.version, head.decisions, head.amended,
       (SELECT coalesce(string_agg(event_type || '/' || version, ' ' ORDER BY event_type), '')
          FROM scoring_route),
       (SELECT coalesce(max(stream_version), 0) FROM scoring_logentry WHERE stream = 'ruleset'),
       {trace}
  FROM chosen p
  JOIN scoring_logentry entry ON entry.position = p.position
  JOIN scoring_logentry event ON event.stream = p.event_stream AND event.stream_version = 1
 CROSS JOIN LATERAL (
       SELECT max(stream_version) AS version, count(*) FILTER (WHERE type LIKE 'decision.%') AS decisions,
              bool_or(type IN ('event.corrected', 'event.enriched', 'event.retracted')) AS amended
         FROM scoring_logentry WHERE stream = p.event_stream) head
 ORDER BY p.turn
