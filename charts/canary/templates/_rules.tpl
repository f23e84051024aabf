{{/* app: the rules of its account, limited to its objects by name where RBAC can do that. A test compares them. */}}
{{- define "canary.rules" -}}
- apiGroups: [networking.istio.io]
  resources: [virtualservices]
  verbs: [get, patch]
  resourceNames: [{{ .virtualService }}]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, patch]
  resourceNames: [{{ .stable }}, {{ .target }}, {{ printf "%s-baseline" .target }}]
- {apiGroups: [apps], resources: [deployments], verbs: [create]} # {{ .stable }}, once, and a baseline
- apiGroups: [""]
  resources: [services]
  verbs: [get]
  resourceNames: {{ list .stableHost .canaryHost | uniq | toJson }}
- {apiGroups: [apps], resources: [replicasets], verbs: [get, list]}
- {apiGroups: [""], resources: [pods], verbs: [list]}
- {apiGroups: [""], resources: [persistentvolumeclaims], verbs: [get]}
- {apiGroups: [autoscaling], resources: [horizontalpodautoscalers], verbs: [list]}
- {apiGroups: [networking.istio.io], resources: [destinationrules], verbs: [list]}
# Optional: without these, checks are left out.
- {apiGroups: [networking.istio.io], resources: [virtualservices], verbs: [list]}
- {apiGroups: [apps], resources: [deployments], verbs: [list]}
- {apiGroups: [""], resources: [services], verbs: [list]}
- {apiGroups: [""], resources: [events], verbs: [create]}
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list]}
- {apiGroups: [policy], resources: [poddisruptionbudgets], verbs: [list]}
- {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [list]}
- {apiGroups: [security.istio.io], resources: [authorizationpolicies], verbs: [list]}
- {apiGroups: [monitoring.coreos.com], resources: [podmonitors], verbs: [list]}
{{- end -}}

{{/* root, app, name, hook: ServiceAccount, Role and RoleBinding; `hook` adds the annotations of one that runs first. */}}
{{- define "canary.access" -}}
apiVersion: v1
kind: ServiceAccount
metadata: {{- include "canary.accessMetadata" . | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{- include "canary.accessMetadata" . | nindent 2 }}
rules:
{{ include "canary.rules" .app }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{- include "canary.accessMetadata" . | nindent 2 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ .name }}}
subjects:
- {kind: ServiceAccount, name: {{ .name }}, namespace: {{ .root.Release.Namespace }}}
{{- end -}}

{{- define "canary.accessMetadata" -}}
name: {{ .name }}
labels: {{- include "canary.labels" . | nindent 2 }}
{{- with .hook }}
annotations:
  helm.sh/hook: {{ . }}
  helm.sh/hook-weight: "-20"
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
{{- end -}}
