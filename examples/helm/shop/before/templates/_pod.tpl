{{- define "shop.container" -}}
- name: app
  image: {{ . }}
  ports:
  - {name: http, containerPort: 8080}
  readinessProbe:
    httpGet: {path: /ready, port: http}
    periodSeconds: 1
  lifecycle:
    preStop: {sleep: {seconds: 5}} # proxies need a moment to learn that a pod ends
  resources:
    requests: {cpu: 30m, memory: 32Mi}
{{- end -}}
