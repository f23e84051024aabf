{{/*
root, app: the weights of both arms as the live VirtualService has them, as JSON, so that no upgrade changes a weight.
Where nothing is live, or nothing can be read (helm template, Argo CD), stable has all.
*/}}
{{- define "canary.weights" -}}
{{- $app := .app -}}
{{- $found := dict "stable" 100 "canary" 0 -}}
{{- $live := lookup (include "canary.istio" .root) "VirtualService" .root.Release.Namespace $app.virtualService | default dict -}}
{{- $ends := printf ".%s.svc.cluster.local" .root.Release.Namespace -}}
{{- $isFound := false -}}
{{- range (dig "spec" "http" list $live) -}}
{{- $here := dict -}}
{{- range (.route | default list) -}}
{{- $host := dig "destination" "host" "" . | trimSuffix $ends -}}
{{- $subset := dig "destination" "subset" "" . -}}
{{- if and (eq $host $app.stableHost) (eq $subset $app.stableSubset) -}}
{{- $_ := set $here "stable" (.weight | default 0 | int) -}}
{{- else if and (eq $host $app.canaryHost) (eq $subset $app.canarySubset) -}}
{{- $_ := set $here "canary" (.weight | default 0 | int) -}}
{{- end -}}
{{- end -}}
{{- if and (hasKey $here "stable") (hasKey $here "canary") (not $isFound) -}}
{{- $isFound = true -}}
{{- $found = $here -}}
{{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{/* app, host, subset: one destination. */}}
{{- define "canary.destination" -}}
host: {{ .host }}
{{- with .subset }}
subset: {{ . }}
{{- end }}
port: {number: {{ .app.port | int }}}
{{- end -}}

{{/* root, app, name, selector, why: one Service. */}}
{{- define "canary.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  labels: {{- include "canary.labels" . | nindent 4 }}
spec:
  selector: {{- toYaml .selector | nindent 4 }}
  ports:
  - {name: {{ .app.portName }}, port: {{ .app.port | int }}, targetPort: {{ .app.targetPort }}}
  {{- with .app.services.extraPorts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
