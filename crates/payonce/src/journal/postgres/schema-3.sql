-- In which month's archive the contents of a completed payment are, and what happened to it; 202607 is July 2026. It is in no
-- index. The row keeps the name, the keys and the digest of the contents for ever, so that no name is paid again.
ALTER TABLE payonce.payments ADD COLUMN archived integer;

-- Payments that completed long ago, whole: what was asked for, and what happened, a line for each event with its moment and its
-- digest. A partition is a month, and can be detached, kept elsewhere, and dropped.
CREATE TABLE payonce.archive (
    month    integer NOT NULL,
    merchant text    NOT NULL,
    payment  bigint  NOT NULL,
    contents text    NOT NULL,
    events   text    NOT NULL,
    PRIMARY KEY (payment, month)
) PARTITION BY LIST (month);

-- The month, in UTC, of a moment in milliseconds.
CREATE FUNCTION payonce.month_of(at bigint) RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(to_timestamp(at / 1000) AT TIME ZONE 'UTC', 'YYYYMM')::integer;

-- Moves those of a merchant's payments that have completed to the archive, all or none, and makes the months that are missing. Says
-- how many payments and events went to which month. No role needs a right to delete an event: nothing but this deletes one, and it
-- keeps it. The contents leave the payment's row, whose digest is then that of others: a program that knows nothing of the archive
-- takes the payment for damaged, and not for one that was never sent.
CREATE FUNCTION payonce.archive_payments(merchant text, payments bigint[])
RETURNS TABLE (month integer, moved bigint, events bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '3s' SET jit = off AS $$
#variable_conflict use_column
DECLARE
    due integer;
    part text;
    attached boolean;
BEGIN
    -- One at a time, the letters `arch`: what another has made is known for certain when its lock is free.
    PERFORM pg_advisory_xact_lock(1634886504);
    FOR due IN
        SELECT DISTINCT payonce.month_of(updated_at) FROM payonce.payments
        WHERE merchant = $1 AND id = ANY ($2) AND standing = 'completed' AND archived IS NULL ORDER BY 1
    LOOP
        part := 'archive_' || due;
        attached := (SELECT relispartition FROM pg_class WHERE relname = part AND relnamespace = 'payonce'::regnamespace);
        IF attached IS NULL THEN
            EXECUTE format('CREATE TABLE payonce.%I (LIKE payonce.archive INCLUDING ALL)', part);
            -- Attached, and not made as a part: that would lock out those who read other months.
            EXECUTE format('ALTER TABLE payonce.archive ATTACH PARTITION payonce.%I FOR VALUES IN (%s)', part, due);
        ELSIF NOT attached THEN
            RAISE EXCEPTION 'payonce.% is no part of the archive any more: attach it again, or give it another name', part;
        END IF;
        RETURN QUERY
            WITH chosen AS MATERIALIZED (
                SELECT id, contents FROM payonce.payments
                WHERE merchant = $1 AND id = ANY ($2) AND standing = 'completed' AND archived IS NULL
                  AND payonce.month_of(updated_at) = due
            ), gone AS (
                DELETE FROM payonce.events e USING chosen c WHERE e.payment = c.id RETURNING e.*
            ), kept AS (
                INSERT INTO payonce.archive (month, merchant, payment, contents, events)
                SELECT due, $1, c.id, c.contents,
                       string_agg(g.at || ' ' || encode(g.digest, 'hex') || ' ' || g.event, E'\n' ORDER BY g.place)
                FROM chosen c JOIN gone g ON g.payment = c.id GROUP BY c.id, c.contents
                RETURNING payment
            ), marked AS (
                UPDATE payonce.payments p SET archived = due, contents = '' FROM kept k
                WHERE p.merchant = $1 AND p.id = k.payment
            )
            SELECT due, (SELECT count(*) FROM kept), (SELECT count(*) FROM gone);
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION payonce.archive_payments FROM PUBLIC;

INSERT INTO payonce.format VALUES (3);
