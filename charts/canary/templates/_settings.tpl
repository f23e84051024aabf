{{/* app: canary.yaml, which all steps read. `settings` may set everything that the chart does not set itself. */}}
{{- define "canary.settings" -}}
{{- $app := .app -}}
{{- $made := dict "app" $app.app "topology" "target-named" "stable" $app.stable "canary" $app.target -}}
{{- $_ := set $made "virtual-service" $app.virtualService -}}
{{- $_ = set $made "stable-destination" (printf "%s%s" $app.stableHost ($app.isPair | ternary (printf "/%s" $app.stableSubset) "")) -}}
{{- $_ = set $made "canary-destination" (printf "%s%s" $app.canaryHost ($app.isPair | ternary (printf "/%s" $app.canarySubset) "")) -}}
{{- $_ = set $made "stable-labels" $app.stableLabels -}}
{{- $_ = set $made "ladder" (include "canary.ladder" $app | fromJsonArray) -}}
{{- $_ = set $made "min-seconds" (include "canary.seconds" $app.interval | int) -}}
{{- with index $app.thresholds "success-rate" -}}
{{- $_ = set $made "success-slo" (divf . 100 | printf "%.8g" | float64) -}}
{{- end -}}
{{- with index $app.thresholds "request-duration" -}}
{{- $_ = set $made "latency-slo" (printf "p99=%s" .) -}}
{{- end -}}
{{- $_ = set $made "bootstrap" true -}}
{{- /* Helm deployed a newer version under test, so an older run has nothing to judge any more. */ -}}
{{- $defaults := dict "at-rest" "reset" "on-busy" "supersede" -}}
{{- if eq $app.release "hook" -}}
{{- $times := include "canary.times" $app | fromJson -}}
{{- $defaults = merge $defaults (dict "deadline-seconds" $times.deadline "ready-timeout-seconds" $times.ready "busy-timeout-seconds" 60) -}}
{{- end -}}
{{- range $key, $_ := $app.settings -}}
{{- if hasKey $made $key -}}
{{- fail (printf "canary: app %s: settings.%s is what the chart sets from its other values: it must not be in settings" $app.app $key) -}}
{{- end -}}
{{- end -}}
{{- toYaml (merge $made (deepCopy ($app.settings | default dict)) $defaults) -}}
{{- end -}}

{{/* app: the ladder as a JSON list, ascending. */}}
{{- define "canary.ladder" -}}
{{- $app := . -}}
{{- $before := 0 -}}
{{- $ladder := list -}}
{{- range .ladder -}}
{{- if le (int .) $before -}}
{{- fail (printf "canary: app %s: ladder %v must ascend, each weight above the one before, for example [5, 25, 50]" $app.app $app.ladder) -}}
{{- end -}}
{{- $before = int . -}}
{{- $ladder = append $ladder (int .) -}}
{{- end -}}
{{- $ladder | toJson -}}
{{- end -}}

{{/* A duration, such as 90, 90s, 1m30s or 1h, as whole seconds. */}}
{{- define "canary.seconds" -}}
{{- $text := . | toString -}}
{{- if regexMatch "^[0-9]+$" $text -}}
{{- $text | int -}}
{{- else -}}
{{- $hours := regexFind "[0-9]+h" $text | trimSuffix "h" | int -}}
{{- $minutes := regexFind "[0-9]+m" $text | trimSuffix "m" | int -}}
{{- $seconds := regexFind "[0-9]+s" $text | trimSuffix "s" | int -}}
{{- add (mul $hours 3600) (mul $minutes 60) $seconds -}}
{{- end -}}
{{- end -}}

{{/*
app: what fits into Helm's timeout, seconds, as JSON. A ladder that cannot fit fails here, before anything moves: Helm
does not tell a template its timeout, and a hook that outlives it is a failed upgrade.
*/}}
{{- define "canary.times" -}}
{{- $app := . -}}
{{- $timeout := include "canary.seconds" .timeout | int -}}
{{- $interval := include "canary.seconds" .interval | int -}}
{{- $start := 30 -}}
{{- $settings := .settings | default dict -}}
{{- $end := 30 | add (index $settings "drain-seconds" | default 5 | int) (index $settings "bake-seconds" | default 0 | int) | int -}}
{{- $rungs := mul (len .ladder) $interval | int -}}
{{- $needed := add $start $rungs $end | int -}}
{{- if gt $needed $timeout -}}
{{- $minutes := divf $needed 60 | ceil | int -}}
{{- fail (printf "canary: app %s: the ladder needs %d s or more (start %d s, %d weights of %d s, promotion %d s), but Helm waits only %d s (timeout: %v). Pass --timeout %dm to helm and set timeout: %dm in the values of this chart, or make ladder or interval shorter, or use release: workflow" $app.app $needed $start (len .ladder) $interval $end $timeout .timeout $minutes $minutes) -}}
{{- end -}}
{{- $ready := index $settings "ready-timeout-seconds" | default (min 300 (max 60 (div $timeout 4))) | int -}}
{{- dict "timeout" $timeout "deadline" (sub $timeout (add $end 10)) "ready" $ready | toJson -}}
{{- end -}}
