{{- $service := printf "%s/traefik" .Release.Namespace }}
apiVersion: apps/v1
kind: {{ .Values.deployment.kind }}
metadata:
  name: traefik
  namespace: {{ .Release.Namespace }}
  labels: {{- include "traefik.labels" . | nindent 4 }}
spec:
  {{- if eq .Values.deployment.kind "Deployment" }}
  replicas: {{ .Values.deployment.replicas }}
  strategy: {{- toYaml .Values.updateStrategy | nindent 4 }}
  {{- else }}
  updateStrategy: {{- toYaml .Values.updateStrategy | nindent 4 }}
  {{- end }}
  selector:
    matchLabels: {{- include "traefik.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "traefik.labels" . | nindent 8 }}
    spec:
      serviceAccountName: traefik
      terminationGracePeriodSeconds: 60
      nodeSelector: {{- toYaml .Values.nodeSelector | nindent 8 }}
      topologySpreadConstraints: {{- toYaml .Values.topologySpreadConstraints | nindent 8 }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        seccompProfile: { type: RuntimeDefault }
      containers:
        - name: traefik
          image: {{ include "traefik.image" . }}
          args:
            - --global.checkNewVersion={{ .Values.global.checkNewVersion }}
            - --global.sendAnonymousUsage={{ .Values.global.sendAnonymousUsage }}
            - --entryPoints.traefik.address=:8080/tcp
            - --entryPoints.web.address=:{{ .Values.ports.web.port }}/tcp
            - --entryPoints.websecure.address=:{{ .Values.ports.websecure.port }}/tcp
            - --entryPoints.websecure.http.tls=true
            - --api.dashboard={{ .Values.api.dashboard }}
            - --ping=true
            - --log.level=INFO
            {{- if .Values.providers.kubernetesCRD.enabled }}
            - --providers.kubernetescrd
            {{- end }}
            {{- with .Values.providers.kubernetesIngress }}
            {{- if .enabled }}
            - --providers.kubernetesingress
            - --providers.kubernetesingress.allowEmptyServices=true
            {{- if .publishedService.enabled }}
            - --providers.kubernetesingress.ingressendpoint.publishedservice={{ $service }}
            {{- end }}
            {{- with .ingressClass }}
            - --providers.kubernetesingress.ingressClass={{ . }}
            {{- end }}
            {{- end }}
            {{- end }}
            {{- with .Values.providers.kubernetesIngressNGINX }}
            {{- if .enabled }}
            - --providers.kubernetesingressnginx
            {{- if .publishService.enabled }}
            - --providers.kubernetesingressnginx.publishservice={{ $service }}
            {{- end }}
            {{- end }}
            {{- end }}
          ports:
            - { name: traefik, containerPort: 8080 }
            {{- range $name, $port := .Values.ports }}
            - name: {{ $name }}
              containerPort: {{ $port.port }}
              {{- with $port.hostPort }}
              hostPort: {{ . }}
              {{- end }}
            {{- end }}
          livenessProbe:
            httpGet: { path: /ping, port: 8080 }
            periodSeconds: 10
          readinessProbe:
            httpGet: { path: /ping, port: 8080 }
            periodSeconds: 2
          resources: {{- toYaml .Values.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          volumeMounts:
            - { name: tmp, mountPath: /tmp }
      volumes:
        - { name: tmp, emptyDir: {} }
{{- if .Values.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: traefik
  namespace: {{ .Release.Namespace }}
  labels: {{- include "traefik.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .Values.podDisruptionBudget.maxUnavailable }}
  selector:
    matchLabels: {{- include "traefik.selector" . | nindent 6 }}
{{- end }}
{{- if .Values.service.enabled }}
---
apiVersion: v1
kind: Service
metadata:
  name: traefik
  namespace: {{ .Release.Namespace }}
  labels: {{- include "traefik.labels" . | nindent 4 }}
  annotations: {{- toYaml .Values.service.annotations | nindent 4 }}
spec:
  {{- toYaml .Values.service.spec | nindent 2 }}
  selector: {{- include "traefik.selector" . | nindent 4 }}
  ports:
    {{- range $name, $port := .Values.ports }}
    - name: {{ $name }}
      port: {{ $port.exposedPort }}
      targetPort: {{ $name }}
      {{- with $port.nodePort }}
      nodePort: {{ . }}
      {{- end }}
    {{- end }}
{{- end }}
