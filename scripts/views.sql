-- The current rows of a lake for DuckDB. In the folder that holds `lake`:
--
--   duckdb -init /path/to/scripts/views.sql -c "SELECT account_name, count(*) FROM activity GROUP BY ALL"
--
-- The extension that reads Delta tables is fetched once, from extensions.duckdb.org.
INSTALL delta;
LOAD delta;
SET TimeZone = 'UTC';

CREATE OR REPLACE VIEW interactions AS
SELECT * FROM delta_scan('lake/interactions')
QUALIFY revision = max(revision) OVER (PARTITION BY interaction_id, mailbox_id)
    AND state = 'active';

CREATE OR REPLACE VIEW activity AS
SELECT * FROM delta_scan('lake/contact_activity')
QUALIFY generation = max(generation) OVER (PARTITION BY interaction_id, mailbox_id)
    AND state = 'active';

-- The newest row of each mailbox: how it is connected.
CREATE OR REPLACE VIEW mailboxes AS
SELECT * FROM delta_scan('lake/mailboxes')
QUALIFY row_number() OVER (PARTITION BY mailbox_id ORDER BY started_at DESC, run_id DESC) = 1;
