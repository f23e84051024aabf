#!/bin/sh
# Helm 4 as kubernetes.core before Helm 4 support calls it: `helm list` has lost its flag --all, which is the default
# now, and `helm plugin list` has got columns that the module cannot read. CANARY_HELM is the path of Helm itself.
set -eu
command=$1
for word do
    shift
    [ "$command $word" = "list --all" ] || set -- "$@" "$word"
done
if [ "$*" = "plugin list" ]; then
    printf 'NAME\tVERSION\tDESCRIPTION\n'
    exit
fi
exec "$CANARY_HELM" "$@"
