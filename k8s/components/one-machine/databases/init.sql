-- Runs once, when the volume is empty. The owner changes the schema, and its migrations grant the other roles what they
-- need.
\set ON_ERROR_STOP on
\getenv service SERVICE
\getenv owner_password OWNER_PASSWORD
\getenv runtime_password RUNTIME_PASSWORD
\getenv auditor_password AUDITOR_PASSWORD
\getenv operator_password OPERATOR_PASSWORD
\getenv exporter_password EXPORTER_PASSWORD
\set owner :service _owner

CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"service" LOGIN PASSWORD :'runtime_password';
CREATE ROLE operator LOGIN PASSWORD :'operator_password';
-- Sees statistics and no table.
CREATE ROLE exporter LOGIN PASSWORD :'exporter_password' IN ROLE pg_monitor;

CREATE DATABASE :"service" OWNER :"owner";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"service" TO :"service", operator, exporter;

-- It has no business with accounts.
\if :{?auditor_password}
  CREATE ROLE auditor LOGIN PASSWORD :'auditor_password';
  GRANT CONNECT ON DATABASE :"service" TO auditor;
\endif
