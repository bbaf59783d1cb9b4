apiVersion: v1
kind: ServiceAccount
metadata:
  name: traefik
  namespace: {{ .Release.Namespace }}
  labels: {{- include "traefik.labels" . | nindent 4 }}
---
# What Traefik's providers read: v3.6.0, docs/content/reference/dynamic-configuration/kubernetes-crd-rbac.yml.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: traefik-{{ .Release.Namespace }}
  labels: {{- include "traefik.labels" . | nindent 4 }}
rules:
  - { apiGroups: [""], resources: [configmaps, namespaces, nodes, secrets, services], verbs: [get, list, watch] }
  - { apiGroups: [""], resources: [pods], verbs: [get] }
  - { apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch] }
  - { apiGroups: [networking.k8s.io], resources: [ingressclasses, ingresses], verbs: [get, list, watch] }
  - { apiGroups: [networking.k8s.io], resources: [ingresses/status], verbs: [update] }
  - apiGroups: [traefik.io]
    resources:
      - ingressroutes
      - ingressroutetcps
      - ingressrouteudps
      - middlewares
      - middlewaretcps
      - serverstransports
      - serverstransporttcps
      - tlsoptions
      - tlsstores
      - traefikservices
    verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: traefik-{{ .Release.Namespace }}
  labels: {{- include "traefik.labels" . | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: traefik-{{ .Release.Namespace }} }
subjects:
  - { kind: ServiceAccount, name: traefik, namespace: {{ .Release.Namespace }} }
{{- if .Values.ingressClass.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: {{ .Values.ingressClass.name | default "traefik" }}
  labels: {{- include "traefik.labels" . | nindent 4 }}
  annotations:
    ingressclass.kubernetes.io/is-default-class: {{ .Values.ingressClass.isDefaultClass | quote }}
spec:
  controller: traefik.io/ingress-controller
{{- end }}
