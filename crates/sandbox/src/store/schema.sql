-- Times are microseconds since 1970 by the virtual clock; amounts are hundredths of the currency's unit.
CREATE TABLE IF NOT EXISTS meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The secrets are public: they are good for nothing but a sandbox.
CREATE TABLE IF NOT EXISTS merchants (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    client_id TEXT NOT NULL UNIQUE,
    client_secret TEXT NOT NULL,
    verified INTEGER NOT NULL,
    tier_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY,
    merchant_id INTEGER NOT NULL REFERENCES merchants,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS parties (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    merchant_id INTEGER NOT NULL REFERENCES merchants,
    fullname TEXT NOT NULL,
    phone TEXT,
    email TEXT,
    country_code TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS parties_phone ON parties (merchant_id, phone);

CREATE TABLE IF NOT EXISTS counterparties (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    merchant_id INTEGER NOT NULL REFERENCES merchants,
    party_id INTEGER NOT NULL REFERENCES parties,
    relationship_type TEXT NOT NULL,
    wallet_status TEXT NOT NULL DEFAULT 'ACTIVE',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS counterparties_party ON counterparties (merchant_id, party_id);

CREATE TABLE IF NOT EXISTS payment_accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    merchant_id INTEGER NOT NULL REFERENCES merchants,
    party_id INTEGER NOT NULL REFERENCES parties,
    account_name TEXT NOT NULL,
    provider TEXT NOT NULL,
    method TEXT NOT NULL,
    country_code TEXT,
    number TEXT,
    is_active INTEGER NOT NULL,
    one_use INTEGER NOT NULL DEFAULT 0,
    used_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- The wallet's balance is the balance of the ledger account `wallet:ID`.
CREATE TABLE IF NOT EXISTS wallets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    merchant_id INTEGER NOT NULL REFERENCES merchants,
    currency TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS wallets_currency ON wallets (merchant_id, currency);

-- Invoices and orders, which number their rows apart.
CREATE TABLE IF NOT EXISTS sources (
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    number TEXT NOT NULL UNIQUE,
    merchant_id INTEGER NOT NULL REFERENCES merchants,
    reference_id TEXT,
    counterparty_id INTEGER NOT NULL REFERENCES counterparties,
    currency TEXT NOT NULL,
    total_amount INTEGER NOT NULL,
    status TEXT NOT NULL,
    note TEXT NOT NULL,
    fee_bearer TEXT NOT NULL,
    as_payment_link INTEGER NOT NULL DEFAULT 0,
    due_date INTEGER,
    -- The execution that paid it.
    paid_by INTEGER,
    paid_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;

CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_kind TEXT NOT NULL,
    source_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    qty INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    FOREIGN KEY (source_kind, source_id) REFERENCES sources (kind, id)
) STRICT;
CREATE INDEX IF NOT EXISTS items_source ON items (source_kind, source_id);

-- Pages of the sandbox that whoever knows the token may see: hosted checkouts, pay links and receipts.
CREATE TABLE IF NOT EXISTS links (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL UNIQUE,
    purpose TEXT NOT NULL,
    merchant_id INTEGER NOT NULL REFERENCES merchants,
    source_kind TEXT NOT NULL,
    source_id INTEGER NOT NULL,
    success_url TEXT,
    cancel_url TEXT,
    expires_at INTEGER,
    created_at INTEGER NOT NULL,
    FOREIGN KEY (source_kind, source_id) REFERENCES sources (kind, id)
) STRICT;
CREATE INDEX IF NOT EXISTS links_source ON links (source_kind, source_id);

CREATE TABLE IF NOT EXISTS sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    merchant_id INTEGER NOT NULL REFERENCES merchants,
    operation TEXT NOT NULL,
    source_kind TEXT,
    source_id INTEGER,
    wallet_id INTEGER,
    payment_account_id INTEGER,
    counterparty_id INTEGER,
    intent_id INTEGER,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT,
    used_at INTEGER,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_source ON sessions (source_kind, source_id) WHERE source_kind IS NOT NULL;

-- An execution is a payment intent: its id is what a refund names.
-- `reference_id` is not unique because the guard that makes it so can be switched off.
CREATE TABLE IF NOT EXISTS executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    merchant_id INTEGER NOT NULL REFERENCES merchants,
    reference_id BLOB NOT NULL,
    operation TEXT NOT NULL,
    session_id INTEGER NOT NULL,
    payment_account_id INTEGER,
    wallet_id INTEGER NOT NULL,
    counterparty_id INTEGER,
    source_kind TEXT,
    source_id INTEGER,
    intent_id INTEGER,
    status TEXT NOT NULL,
    amount INTEGER NOT NULL,
    payer_amount INTEGER NOT NULL,
    payee_amount INTEGER NOT NULL,
    platform_fee INTEGER NOT NULL,
    gateway_fee INTEGER NOT NULL,
    fx_fee INTEGER NOT NULL,
    -- Of the amount and the fees.
    currency TEXT NOT NULL,
    payer_currency TEXT NOT NULL,
    payee_currency TEXT NOT NULL,
    -- In hundred-millionths of the other side's currency for one unit of `currency`.
    fx_rate INTEGER,
    completes INTEGER NOT NULL,
    verdict_message TEXT NOT NULL,
    settles_at INTEGER,
    requires_action INTEGER NOT NULL DEFAULT 0,
    gateway_message TEXT,
    wallet_message TEXT,
    created_at INTEGER NOT NULL,
    settled_at INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS executions_reference ON executions (reference_id);
CREATE INDEX IF NOT EXISTS executions_due ON executions (settles_at) WHERE settles_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS executions_refunds ON executions (intent_id) WHERE intent_id IS NOT NULL;

-- The ledger: a posting is a set of entries that sums to zero in one currency.
CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    balance INTEGER NOT NULL DEFAULT 0,
    UNIQUE (name, currency)
) STRICT;

CREATE TABLE IF NOT EXISTS postings (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    execution_id INTEGER REFERENCES executions,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    posted_at INTEGER NOT NULL
) STRICT;
-- By execution and not by reference id: an index that only grows at its end costs the same however long it is.
CREATE INDEX IF NOT EXISTS postings_execution ON postings (execution_id) WHERE execution_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS entries (
    posting_id INTEGER NOT NULL REFERENCES postings,
    account_id INTEGER NOT NULL REFERENCES accounts,
    amount INTEGER NOT NULL,
    PRIMARY KEY (posting_id, account_id)
) STRICT, WITHOUT ROWID;
