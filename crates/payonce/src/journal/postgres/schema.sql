CREATE SCHEMA IF NOT EXISTS payonce;

CREATE TABLE payonce.format (
    version integer NOT NULL
);

-- Which namespace a merchant's keys on a rail are derived in.
CREATE TABLE payonce.bindings (
    merchant  text NOT NULL,
    rail      text NOT NULL,
    namespace text NOT NULL,
    PRIMARY KEY (merchant, rail)
);

-- A process that holds payments lives until then, by this database's clock. One that is called dead is dead for ever.
CREATE TABLE payonce.owners (
    id    uuid        PRIMARY KEY,
    until timestamptz NOT NULL,
    dead  boolean     NOT NULL DEFAULT false
) WITH (fillfactor = 50);

-- A row is the first event of a payment: that it was intended. Only the last three columns ever change, when it ends.
-- None of them but `unpaid` is in an index, so that the end of a payment that goes well touches no index.
CREATE TABLE payonce.payments (
    id           bigint  GENERATED ALWAYS AS IDENTITY,
    merchant     text    NOT NULL,
    rail         text    NOT NULL,
    operation    text    NOT NULL,
    name         text    NOT NULL,
    reference_id uuid    NOT NULL,
    contents     text    NOT NULL,
    expect       text    NOT NULL,
    digest       bytea   NOT NULL CHECK (length(digest) = 32),
    created_at   bigint  NOT NULL,
    standing     text    NOT NULL DEFAULT 'intended',
    updated_at   bigint  NOT NULL,
    unpaid       boolean NOT NULL DEFAULT false,
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, rail, name),
    UNIQUE (reference_id, merchant)
) WITH (fillfactor = 85);

-- Failed or parked: the few that somebody looks for among the many that went well.
CREATE INDEX payments_unpaid ON payonce.payments (merchant, rail, id) WHERE unpaid;

-- The payments that have not ended, and who drives them. Small, however many have ended.
CREATE TABLE payonce.unfinished (
    payment    bigint PRIMARY KEY,
    merchant   text   NOT NULL,
    rail       text   NOT NULL,
    owner      uuid,
    epoch      bigint NOT NULL,
    standing   text   NOT NULL,
    updated_at bigint NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

CREATE INDEX unfinished_free ON payonce.unfinished (merchant, rail, payment) WHERE owner IS NULL;
CREATE INDEX unfinished_held ON payonce.unfinished (owner, merchant, rail, payment) WHERE owner IS NOT NULL;

-- What happened since, oldest first. Rows are only ever added.
CREATE TABLE payonce.events (
    payment bigint  NOT NULL,
    place   integer NOT NULL,
    at      bigint  NOT NULL,
    event   text    NOT NULL,
    digest  bytea   NOT NULL CHECK (length(digest) = 16),
    PRIMARY KEY (payment, place)
);

-- The keys of second and later attempts.
CREATE TABLE payonce.attempts (
    payment      bigint  NOT NULL,
    attempt      integer NOT NULL,
    merchant     text    NOT NULL,
    reference_id uuid    NOT NULL,
    PRIMARY KEY (payment, attempt),
    UNIQUE (reference_id, merchant)
);

-- Records a payment in the caller's own transaction, for any driver of any language. Says whether it is recorded now, was
-- known already with the same contents, or is taken: the name belongs to a payment with others.
CREATE FUNCTION payonce.enqueue(
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
    INSERT INTO payonce.unfinished (payment, merchant, rail, owner, epoch, standing, updated_at)
    VALUES (made, $1, $2, NULL, 0, 'intended', $9);
    PERFORM pg_notify('payonce', '');
    RETURN 'recorded';
END $$;

REVOKE ALL ON FUNCTION payonce.enqueue FROM PUBLIC;

INSERT INTO payonce.format VALUES (1);
