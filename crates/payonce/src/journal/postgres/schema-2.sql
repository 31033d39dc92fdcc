-- Which movement it is, so that workers share what they take between the operations. A program that was running when the
-- tables were brought up to date goes on without saying.
ALTER TABLE payonce.unfinished ADD COLUMN operation text NOT NULL DEFAULT '';

UPDATE payonce.unfinished u SET operation = p.operation FROM payonce.payments p
WHERE p.merchant = u.merchant AND p.id = u.payment;

DROP INDEX payonce.unfinished_free;
DROP INDEX payonce.unfinished_held;
CREATE INDEX unfinished_free ON payonce.unfinished (merchant, rail, operation, payment) WHERE owner IS NULL;
CREATE INDEX unfinished_held ON payonce.unfinished (owner, merchant, rail, operation, payment) WHERE owner IS NOT NULL;

-- How fast all workers together take payments up: what was granted is used up at that moment, by this database's clock.
CREATE TABLE payonce.paces (
    merchant text        NOT NULL,
    rail     text        NOT NULL,
    until    timestamptz NOT NULL,
    PRIMARY KEY (merchant, rail)
) WITH (fillfactor = 50);

CREATE OR REPLACE FUNCTION payonce.enqueue(
    merchant text, rail text, operation text, name text, reference_id uuid, contents text, expect text, digest bytea,
    created_at bigint
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    made bigint;
    found bytea;
BEGIN
    INSERT INTO payonce.payments (merchant, rail, operation, name, reference_id, contents, expect, digest, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
    ON CONFLICT (merchant, rail, name) DO NOTHING RETURNING id INTO made;
    IF made IS NULL THEN
        SELECT p.digest INTO found FROM payonce.payments p WHERE p.merchant = $1 AND p.rail = $2 AND p.name = $4;
        RETURN CASE WHEN found = $8 THEN 'known' ELSE 'taken' END;
    END IF;
    INSERT INTO payonce.unfinished (payment, merchant, rail, operation, owner, epoch, standing, updated_at)
    VALUES (made, $1, $2, $3, NULL, 0, 'intended', $9);
    PERFORM pg_notify('payonce', '');
    RETURN 'recorded';
END $$;

INSERT INTO payonce.format VALUES (2);
