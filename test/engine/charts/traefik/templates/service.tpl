apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
  annotations: {{ toJson .Values.service.annotations }}
spec: {{ merge (dict "selector" (dict "app" "traefik") "ports" (list (dict "name" "web" "port" 80))) .Values.service.spec | toJson }}
