#!/bin/sh
# Debian's 0.11 has only some of the collectors, and refuses the flags that turn the others off.
for argument do
  shift
  case $argument in --no-collector.*) ;; *) set -- "$@" "$argument" ;; esac
done
exec prometheus-postgres-exporter "$@"
