{{/*
root, app, name, step, hooks, weight, seconds, account, config, arguments: a Job that runs one step of canary-steps as a
hook. Helm prints the log of its pods when it ends (Helm 3.18 and newer), and keeps it until the next one begins.

- Only exit code 3, a temporary fault, and killed pods are repeated; a verdict (5, 6), a refusal (2, 4) or another
  owner (7) is final. A repeated pod continues the same run, since its id is that of the Job.
- The pods stay out of the mesh, as an injected proxy would outlive the step.
*/}}
{{- define "canary.job" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .name }}
  labels: {{- include "canary.labels" . | nindent 4 }}
  annotations:
    helm.sh/hook: {{ .hooks }}
    helm.sh/hook-weight: {{ .weight | quote }}
    helm.sh/hook-delete-policy: before-hook-creation
    helm.sh/hook-output-log-policy: hook-succeeded,hook-failed
    {{- with .argocd }}
    argocd.argoproj.io/hook: {{ . }}
    argocd.argoproj.io/hook-delete-policy: BeforeHookCreation
    {{- end }}
spec:
  backoffLimit: 3
  activeDeadlineSeconds: {{ .seconds | int }}
  ttlSecondsAfterFinished: 604800
  podFailurePolicy:
    rules:
    - action: Ignore
      onPodConditions: [{type: DisruptionTarget}]
    - action: FailJob
      onExitCodes: {containerName: {{ .step }}, operator: NotIn, values: [3, 137, 143]}
  template:
    metadata:
      labels: # none by which a Service of the app could select these pods
        app.kubernetes.io/part-of: canary-steps
        sidecar.istio.io/inject: "false"
        {{- with .app.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        cluster-autoscaler.kubernetes.io/safe-to-evict: "false"
        {{- with .app.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      restartPolicy: Never
      serviceAccountName: {{ .account }}
      terminationGracePeriodSeconds: 30
      {{- with .app.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 6 }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        seccompProfile: {type: RuntimeDefault}
      containers:
      - name: {{ .step }}
        image: {{ .app.image }}
        imagePullPolicy: {{ .app.imagePullPolicy }}
        args: {{- toYaml (prepend (.arguments | default list) .step) | nindent 8 }}
        env:
        - {name: CANARY_LOG_FORMAT, value: console}
        - {name: CANARY_RUN, valueFrom: {fieldRef: {fieldPath: "metadata.labels['controller-uid']"}}}
        - {name: CANARY_BY, value: {{ printf "helm %s, revision %d" .root.Release.Name .root.Release.Revision | quote }}}
        {{- with .app.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        resources: {{- toYaml .app.resources | nindent 10 }}
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {drop: [ALL]}
        volumeMounts:
        {{- if .config }}
        - {name: canary-steps, mountPath: /etc/canary-steps, readOnly: true}
        {{- end }}
        - {name: tmp, mountPath: /tmp}
        {{- with .app.volumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      volumes:
      {{- with .config }}
      - {name: canary-steps, configMap: {name: {{ . }}, optional: true}}
      {{- end }}
      - {name: tmp, emptyDir: {}}
      {{- with .app.volumes }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      {{- with .app.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .app.tolerations }}
      tolerations: {{- toYaml . | nindent 6 }}
      {{- end }}
{{- end -}}
