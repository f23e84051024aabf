{{- /* The image of the steps: by digest if one is given, else by tag, else by the chart's appVersion. */}}
{{- define "canary-steps.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{- /* The names of Secrets as a list of references. */}}
{{- define "canary-steps.pullSecrets" -}}
{{- $found := list -}}
{{- range .Values.image.pullSecrets }}{{ $found = append $found (dict "name" .) }}{{ end -}}
{{ toJson $found }}
{{- end }}

{{- /* An engine's objects are installed where the workflows run, not where only roles are. */}}
{{- define "canary-steps.argo" -}}
{{- if and (has "argo" .Values.engines) (not .Values.releasesFrom) }}true{{ end -}}
{{- end }}

{{- define "canary-steps.tekton" -}}
{{- if and (has "tekton" .Values.engines) (not .Values.releasesFrom) }}true{{ end -}}
{{- end }}

{{- /* Labels of an optional object: ours, and those that the caller gives. */}}
{{- define "canary-steps.labels" -}}
{{ toJson (merge (dict "app.kubernetes.io/part-of" "canary-steps") .) }}
{{- end }}
