apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  greeting: {{ .Values.greeting | quote }}
  {{- with .Values.limit }}
  limit: {{ . | quote }}
  {{- end }}
  chart: {{ .Chart.Version }}
{{- with .Values.secret }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ $.Release.Name }}
stringData:
  word: {{ . | quote }}
{{- end }}
{{- if .Values.broken }}
---
# No node runs it, so it never becomes ready.
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}
spec:
  containers: [{ name: main, image: "example.invalid/none:1" }]
{{- end }}
