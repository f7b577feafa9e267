#!/bin/sh
# Like the entry point of rabbitmq:4.2.9-management: the administrator's name and password come from the environment.
set -eu
cat > /etc/rabbitmq/rabbitmq.conf <<CONF
default_user = $RABBITMQ_DEFAULT_USER
default_pass = $RABBITMQ_DEFAULT_PASS
loopback_users.guest = false
log.console = true
log.file = false
disk_free_limit.absolute = 100MB
CONF
exec rabbitmq-server
