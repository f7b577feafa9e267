-- Runs once, when the data folder is created. Each service has a database: its owner changes the schema, and the
-- migrations give the service's own role the rights that it needs.
\set ON_ERROR_STOP on
\getenv password POSTGRES_PASSWORD

SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', role, :'password')
FROM unnest(array['order_owner', 'order', 'payment_owner', 'payment', 'stock_owner', 'stock', 'account_owner', 'account', 'catalog_owner', 'catalog', 'auditor', 'operator', 'exporter']) AS role
\gexec

SELECT format(statement, service, service || '_owner')
FROM unnest(array['order', 'payment', 'stock', 'account', 'catalog']) AS service,
     unnest(array[
       'CREATE DATABASE %1$I OWNER %2$I',
       'REVOKE ALL ON DATABASE %1$I FROM PUBLIC',
       'GRANT CONNECT ON DATABASE %1$I TO %1$I, auditor, operator, exporter'
     ]) WITH ORDINALITY AS step (statement, position)
ORDER BY service, position
\gexec

-- Who has an account is nothing for the auditor.
REVOKE CONNECT ON DATABASE account FROM auditor;

GRANT pg_monitor TO exporter;
