#!/bin/sh
# Like the entry point of rabbitmq:4.2.9-management: the administrator's name and password come from the environment, and
# /etc/rabbitmq/conf.d may have more settings. The root file system may be read-only.
set -eu
cat > /tmp/rabbitmq.conf <<CONF
default_user = $RABBITMQ_DEFAULT_USER
default_pass = $RABBITMQ_DEFAULT_PASS
loopback_users.guest = false
log.console = true
log.file = false
CONF
export RABBITMQ_CONFIG_FILE=/tmp/rabbitmq.conf
exec rabbitmq-server
