{{/* One dictionary for each app, as a JSON list: its values, the names of its objects, and what follows from both. */}}
{{- define "canary.apps" -}}
{{- $root := . -}}
{{- $common := omit .Values "apps" "global" -}}
{{- $found := list -}}
{{- if .Values.enabled -}}
{{- range $name, $own := .Values.apps -}}
{{- $given := mergeOverwrite (deepCopy $common) (deepCopy ($own | default dict)) (dict "app" $name) -}}
{{- if $given.enabled -}}
{{- $found = append $found (include "canary.app" (dict "root" $root "given" $given) | fromJson) -}}
{{- end -}}
{{- end -}}
{{- if .Values.app -}}
{{- if hasKey .Values.apps .Values.app -}}
{{- fail (printf "canary: app %s is given by %s.app and by %s.apps.%s: remove one of them" .Values.app .Chart.Name .Chart.Name .Values.app) -}}
{{- end -}}
{{- $found = append $found (include "canary.app" (dict "root" $root "given" (deepCopy $common)) | fromJson) -}}
{{- end -}}
{{- if not (or .Values.app .Values.apps) -}}
{{- fail (printf "%s.app is not set: name the app, or one entry of %s.apps for each app of this chart (docs/helm.md)" .Chart.Name .Chart.Name) -}}
{{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{/* root, given: one app with everything that follows from its values. */}}
{{- define "canary.app" -}}
{{- $given := .given -}}
{{- $names := $given.names | default dict -}}
{{- $isPair := eq $given.shape "pair" -}}
{{- $target := $names.target | default (ternary (printf "%s-v2" $given.app) $given.app $isPair) -}}
{{- $stable := $names.stable | default (ternary (printf "%s-v1" $given.app) (printf "%s-primary" $target) $isPair) -}}
{{- $service := $names.service | default $given.app -}}
{{- $app := dict "isPair" $isPair "target" $target "stable" $stable "service" $service -}}
{{- $_ := set $app "virtualService" ($names.virtualService | default $given.app) -}}
{{- $_ = set $app "destinationRule" ($names.destinationRule | default $service) -}}
{{- $_ = set $app "configMap" (printf "canary-steps-%s" $given.app) -}}
{{- $_ = set $app "account" ($given.serviceAccount.name | default (printf "canary-%s" $given.app)) -}}
{{- if $isPair -}}
{{- $_ = set $app "stableHost" $service -}}
{{- $_ = set $app "canaryHost" $service -}}
{{- $_ = set $app "stableSubset" $given.subsets.stable.name -}}
{{- $_ = set $app "canarySubset" $given.subsets.canary.name -}}
{{- $_ = set $app "selector" ($given.selectorLabels | default (dict "app" $given.app)) -}}
{{- $_ = set $app "stableLabels" ($given.stableLabels | default $given.subsets.stable.labels) -}}
{{- else -}}
{{- $_ = set $app "stableHost" ($names.stableService | default (printf "%s-primary" $service)) -}}
{{- $_ = set $app "canaryHost" ($names.canaryService | default (printf "%s-canary" $service)) -}}
{{- $_ = set $app "stableSubset" "" -}}
{{- $_ = set $app "canarySubset" "" -}}
{{- $_ = set $app "selector" ($given.selectorLabels | default (dict "app" $target)) -}}
{{- $_ = set $app "stableLabels" ($given.stableLabels | default (include "canary.otherLabels" $app | fromJson)) -}}
{{- end -}}
{{- merge $app $given | toJson -}}
{{- end -}}

{{/* The labels of the serving pods that differ: the target's name becomes stable's, else one label gets it. */}}
{{- define "canary.otherLabels" -}}
{{- $app := . -}}
{{- $made := dict -}}
{{- range $key, $value := .selector -}}
{{- if eq $value $app.target -}}{{- $_ := set $made $key $app.stable -}}{{- end -}}
{{- end -}}
{{- if not $made -}}
{{- $_ := set $made (hasKey .selector "app" | ternary "app" (first (keys .selector | sortAlpha))) .stable -}}
{{- end -}}
{{- $made | toJson -}}
{{- end -}}

{{/* root, app: labels of every object. */}}
{{- define "canary.labels" -}}
app.kubernetes.io/name: {{ .app.app }}
app.kubernetes.io/part-of: canary-steps
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .app.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "canary.istio" -}}
{{- if and (.Capabilities.APIVersions.Has "networking.istio.io/v1beta1") (not (.Capabilities.APIVersions.Has "networking.istio.io/v1")) -}}
networking.istio.io/v1beta1
{{- else -}}
networking.istio.io/v1
{{- end -}}
{{- end -}}
